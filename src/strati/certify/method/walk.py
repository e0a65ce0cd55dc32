"""The walk over calibrate: fixed-sequence testing with one or several starts.

*Guarantee.* Let the path (settings in order), its starts and their levels depend on tune alone, and the levels sum to
at most d. Then, over draws of the calibrate examples, the probability that **any** passed setting breaks the promise is
at most d. So one may choose among the passed settings by any rule, even one that has seen calibrate or test.

*Why.* This is the fixed-sequence procedure of "Learn then Test" (Angelopoulos et al., arXiv 2110.01052) on
the ordered settings of Pareto Testing (Laufer-Goldenshluger et al., arXiv 2210.07913, section 4), with the starts
linked as in the fallback procedure (Wiens, Pharmaceutical Statistics 2, 2003): a setting is tested at the level of a
start that lies on it, plus the level its predecessor was tested at if that passed, else plus nothing. Consider the
settings that break the promise, in order of the path. As long as none of them has passed, the level at which the next
one is tested is at most the sum of the levels of starts after the one before. So the probabilities of a first false
pass add up to at most the sum of all levels. No assumption is made on how the p-values depend on each other. With one
start it is plain fixed-sequence testing at d; with J equal ones each walk begins at d/J, and a walk that arrives at
the next start goes on at both levels together, where separate walks would each keep d/J.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strati.certify.method.risk import Promise, p_value
from strati.certify.method.scored import Scored, Setting, evaluate
from strati.core.errors import DataError
from strati.core.records import JSON


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk begins: a place on the path, and its share of the risk."""

    place: int
    share: float


@dataclass(frozen=True, slots=True)
class Path:
    """Settings of one stack in the order they are tested, with the starts. All of it depends on tune alone."""

    names: tuple[str, ...]
    settings: tuple[Setting, ...]
    starts: tuple[Start, ...]
    promise: Promise

    def __post_init__(self) -> None:
        places = [start.place for start in self.starts]
        if places != sorted(set(places)) or not all(0 <= place < len(self.settings) for place in places):
            raise ValueError(f"starts are at {places}, expected different places of the path, in order")
        if any(not 0 <= rung < len(self.names) for setting in self.settings for rung in setting.rungs):
            raise ValueError(f"a setting names a rung that is not among the {len(self.names)} of the path")
        if not all(start.share > 0 for start in self.starts) or sum(s.share for s in self.starts) > 1 + 1e-12:
            raise ValueError("the shares of the starts are not above 0 with a sum of at most 1")

    def to_json(self) -> dict[str, JSON]:
        return {
            "names": list(self.names),
            "settings": [{"rungs": list(s.rungs), "thresholds": list(s.thresholds)} for s in self.settings],
            "starts": [{"place": start.place, "share": start.share} for start in self.starts],
            "promise": self.promise.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Path:
        return cls(
            tuple(data["names"]),
            tuple(Setting(tuple(s["rungs"]), tuple(s["thresholds"])) for s in data["settings"]),
            tuple(Start(start["place"], start["share"]) for start in data["starts"]),
            Promise.from_json(data["promise"]),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One test: the setting's place, automatic answers `n`, their summed loss, p-value, level, whether it passed."""

    place: int
    n: int
    errors: float
    p: float
    level: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """All tests made, and the place of the certified setting: the last passed one, as settings get cheaper."""

    path: Path
    steps: tuple[Step, ...]
    certified: int | None

    @property
    def setting(self) -> Setting | None:
        """The certified setting, or None."""
        return None if self.certified is None else self.path.settings[self.certified]

    @property
    def step(self) -> Step | None:
        """The test the certificate rests on, or None."""
        return next((step for step in self.steps if step.place == self.certified), None)

    def to_json(self) -> dict[str, JSON]:
        steps = [
            {"place": s.place, "n": s.n, "errors": s.errors, "p": s.p, "level": s.level, "passed": s.passed}
            for s in self.steps
        ]
        return {"path": self.path.to_json(), "steps": steps, "certified": self.certified}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Walk:
        """The inverse of `to_json`; raises `DataError` for what is not a walk."""
        try:
            steps = tuple(Step(**step) for step in data["steps"])
            return cls(Path.from_json(data["path"]), steps, data["certified"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the certificate's walk is damaged ({type(error).__name__}: {error})") from error


def walk(path: Path, calibrate: Scored) -> Walk:
    """Test the settings in order, from each start until the first failure."""
    steps = []
    starts = {start.place: start.share for start in path.starts}
    carried = 0.0
    for place, setting in enumerate(path.settings):
        share = min(1.0, carried + starts.get(place, 0.0))
        if share == 0:
            continue
        level = path.promise.risk * share
        delivered = evaluate(setting, calibrate)
        p = p_value(delivered, path.promise)
        steps.append(Step(place, delivered.count, delivered.errors, p, level, p <= level))
        carried = share if p <= level else 0.0
    passed = [step.place for step in steps if step.passed]
    return Walk(path, tuple(steps), max(passed, default=None))


def differences(stated: Walk, calibrate: Scored) -> list[str]:
    """What a stated walk says otherwise than its calibrate outcomes give, in words; empty when it is reproduced.

    p-values may differ in the last digits between machines: they agree within one part in a million.
    """
    found = walk(stated.path, calibrate)
    if [step.place for step in stated.steps] != [step.place for step in found.steps]:
        return [f"the tests at {_places(stated.steps)} are stated, the outcomes give those at {_places(found.steps)}"]
    wrong = []
    for told, step in zip(stated.steps, found.steps, strict=True):
        for name in ("n", "errors", "p", "level", "passed"):
            value, expected = getattr(told, name), getattr(step, name)
            if abs(value - expected) > 1e-6 * abs(expected):
                wrong.append(f"setting {step.place}: {name} is stated as {value}, the outcomes give {expected}")
    if stated.certified != found.certified:
        wrong.append(f"setting {stated.certified} is stated as certified, the outcomes give {found.certified}")
    return wrong


def _places(steps: Sequence[Step]) -> str:
    return ", ".join(str(step.place) for step in steps) or "no setting"
