"""What every check of the data doctor is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from strati.core.records import Example
from strati.data.data import Dataset
from strati.data.splits import Splits
from strati.task.task import Task


@dataclass(frozen=True, slots=True)
class Look:
    """The files by name ("all", or "train" and "test"), the task, the seed and the splits where they are decided."""

    datasets: Mapping[str, Dataset]
    task: Task
    seed: int
    splits: Splits | None = None

    def row(self, part: str, example: Example) -> str:
        """How a row is named in a finding: its id, with the file before it where there are several."""
        known = len(self.datasets) == 1 or part not in self.datasets or example.id.startswith(f"{part}:")
        return example.id if known else f"{part}:{example.id}"

    @property
    def labelled(self) -> bool:
        """Whether references are labels of a list, so that order, rarity and contradiction mean something."""
        return self.task.kind == "classify"

    @property
    def learned(self) -> Dataset:
        """The file that candidates learn from."""
        return self.datasets["train"] if "train" in self.datasets else next(iter(self.datasets.values()))

    @property
    def test(self) -> Dataset | None:
        """The published test file, if there is one."""
        return self.datasets.get("test")

    def parts(self) -> dict[str, tuple[Example, ...]]:
        """The examples by part: of the splits where they are decided, of the files otherwise."""
        if self.splits is not None:
            return self.splits.parts()
        return {name: dataset.examples for name, dataset in self.datasets.items()}

    def open_examples(self) -> tuple[Example, ...]:
        """The examples that may be looked at: never calibrate, sealed or test ones."""
        if self.splits is None:
            return self.learned.examples
        parts = self.splits.parts()
        return parts["open"] if "open" in parts else parts["train"] + parts["tune"]

    def counts(self) -> dict[str, int]:
        """Rows per label over all files."""
        total: Counter[str] = Counter()
        for dataset in self.datasets.values():
            total.update(dataset.counts)
        return dict(total)
