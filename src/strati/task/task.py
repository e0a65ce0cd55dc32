"""What is wanted: `Task` says what the data are, `Goal` what is good enough."""

from __future__ import annotations

from dataclasses import dataclass, field

from strati.core.errors import TaskError

ONCE, TRAFFIC = "once", "traffic"
REPEATS = (ONCE, TRAFFIC)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is good enough to ship.

    Attributes:
        at_least: the least quality that will do, as a share of the metric; None sets no absolute bar.
        margin: how much worse than the best still counts as good enough (absolute, .03 = three points).
        alpha: the risk of a wrong statement that is accepted, per decision.
        max_cost_per_1000: dollars per 1,000 answers.
        max_p95_ms: milliseconds in which 95 % of the answers arrive, on this machine.
        private: inputs may not leave this machine.
        licences: licences that may be used; empty allows all.
        wrong_answer_costs: dollars that one wrong answer costs.
        human_answer_costs: dollars that one answer by a person costs.
        human_error_rate: how often a person is wrong.
        volume_per_month: answers wanted each month.
        machine_per_hour: dollars for an hour of the machine that answers.
        label_costs: dollars that one label costs.
        horizon_months: the months over which the total cost is counted.
        retrain_every_months: how often what was trained is trained anew; None: never within the horizon.
        labels_per_retraining: fresh labels for each of these times.
    """

    at_least: float | None = None
    margin: float = 0.03
    alpha: float = 0.05
    max_cost_per_1000: float | None = None
    max_p95_ms: float | None = None
    private: bool = True
    licences: tuple[str, ...] = ()
    wrong_answer_costs: float | None = None
    human_answer_costs: float | None = None
    human_error_rate: float | None = None
    volume_per_month: int = 10_000
    machine_per_hour: float = 0.10
    label_costs: float | None = None
    horizon_months: float = 12
    retrain_every_months: float | None = None
    labels_per_retraining: float | None = None

    def __post_init__(self) -> None:
        shares = {"at_least": self.at_least, "human_error_rate": self.human_error_rate}
        for name, value in shares.items():
            if value is not None and not 0 <= value <= 1:
                raise TaskError(f"goal.{name} is {value}, expected a share between 0 and 1")
        for name, value in {"margin": self.margin, "alpha": self.alpha}.items():
            if not 0 < value < 0.5:
                raise TaskError(f"goal.{name} is {value}, expected a number above 0 and below 0.5")
        amounts = {
            "max_cost_per_1000": self.max_cost_per_1000,
            "max_p95_ms": self.max_p95_ms,
            "wrong_answer_costs": self.wrong_answer_costs,
            "human_answer_costs": self.human_answer_costs,
            "volume_per_month": self.volume_per_month,
            "machine_per_hour": self.machine_per_hour,
            "label_costs": self.label_costs,
            "labels_per_retraining": self.labels_per_retraining,
        }
        for name, value in amounts.items():
            if value is not None and value < 0:
                raise TaskError(f"goal.{name} is {value}, expected a number of at least 0")
        for name, value in {
            "horizon_months": self.horizon_months,
            "retrain_every_months": self.retrain_every_months,
        }.items():
            if value is not None and not value > 0:
                raise TaskError(f"goal.{name} is {value}, expected a number of months above 0")


@dataclass(frozen=True, slots=True)
class Task:
    """What the data are and what is asked of them.

    Attributes:
        kind: `classify`, or another kind of `strati.task.kind`.
        inputs: the columns that hold the input; several are joined as `name: text` lines.
        label: the column that holds the reference answer; other kinds than `classify` read theirs from all columns.
        id: the column that names an example; None numbers the rows.
        group: the column that ties examples together (same customer, same document).
        time: the column with dates; splits then go in order of time.
        repeats: how rows with the same input count: `once`, as they are no evidence of each other, or `traffic`, each
            by itself: figures and certificates then hold for traffic that repeats inputs as the rows do.
        metric: one of the kind's metrics; empty means its first (`accuracy` for `classify`).
        description: one sentence for the language models: what the labels mean.
        labels: the answer space with an optional description per label; empty means: as found in the data.
        goal: what is good enough.
    """

    kind: str = "classify"
    inputs: tuple[str, ...] = ("text",)
    label: str = "label"
    id: str | None = None
    group: str | None = None
    time: str | None = None
    metric: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    repeats: str = ONCE
    goal: Goal = field(default_factory=Goal)

    def __post_init__(self) -> None:
        check_repeats(self.repeats)
        if not self.metric:
            from strati.task.kind import kind_of

            object.__setattr__(self, "metric", "accuracy" if self.kind == "classify" else kind_of(self.kind).metrics[0])
        if not self.inputs:
            raise TaskError("task.inputs is empty, expected at least one column name")
        if self.label in self.inputs:
            raise TaskError(f"the label column {self.label!r} is also an input column: the answer would be given away")


def check_repeats(repeats: str) -> None:
    """Raise `TaskError` for anything but `once` and `traffic`."""
    if repeats not in REPEATS:
        raise TaskError(f"repeats is {repeats!r}, expected one of: {', '.join(REPEATS)}")
