"""What the service counts, in the form Prometheus reads. No content and no key is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from strati.serve.records import Outcome

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Gauge(NamedTuple):
    """A value read when somebody asks for it."""

    name: str
    help: str
    label: str
    value: float


class Metrics:
    """Counters of requests, and gauges that `read` gives at each scrape."""

    def __init__(self, read: Callable[[], Iterable[Gauge]] = tuple) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "strati_requests", "Requests by what came of them.", ["model", "state"], registry=self.registry
        )
        self._layers = Counter(
            "strati_answers",
            "Automatic answers by the layer that gave them.",
            ["model", "layer"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "strati_request_seconds", "From intake to answer.", ["model"], buckets=BUCKETS, registry=self.registry
        )
        self._refused = Counter("strati_refused", "Requests not taken.", ["code"], registry=self.registry)
        self._released = Counter("strati_released", "Answers that people gave.", ["model"], registry=self.registry)
        self._known: dict[tuple[str, str, str], tuple[Any, Any, Any]] = {}
        self._read = read
        self.registry.register(self)

    def told(self, outcome: Outcome) -> None:
        """Count an outcome."""
        key = (outcome.request.model, str(outcome.state), outcome.layer or "")
        found = self._known.get(key)
        if found is None:
            model, state, layer = key
            found = self._known[key] = (
                self._requests.labels(model, state),
                self._layers.labels(model, layer) if layer else None,
                self._seconds.labels(model),
            )
        found[0].inc()
        if found[1] is not None:
            found[1].inc()
        found[2].observe(outcome.seconds)

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def released(self, model: str) -> None:
        self._released.labels(model).inc()

    def collect(self) -> Iterator[Any]:
        """For the registry: the gauges of this moment."""
        from prometheus_client.core import GaugeMetricFamily

        families: dict[str, Any] = {}
        for gauge in self._read():
            family = families.get(gauge.name)
            if family is None:
                labels = ["model"] if gauge.label else None
                family = families[gauge.name] = GaugeMetricFamily(gauge.name, gauge.help, labels=labels)
            family.add_metric([gauge.label] if gauge.label else [], gauge.value)
        yield from families.values()

    def text(self) -> bytes:
        """The page /metrics."""
        from prometheus_client import generate_latest

        return bytes(generate_latest(self.registry))
