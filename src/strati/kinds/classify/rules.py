"""Keyword rules: a decision list that a person can read, edit and keep in a file.

    when "lost" and "card" then lost_or_stolen_card   # right 23 of 25
    when "exchange rate" then exchange_rate           # right 61 of 63
    otherwise card_payment_fee                        # right 88 of 4210

The first rule whose phrases all occur in the text, as whole words and regardless of case, gives the answer. A value
with blanks or quotes is written as a JSON string. `otherwise` may be missing: then the layer passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.kinds.classify.induction import induce
from strati.kinds.classify.rule import Rule, padded, parse_rules
from strati.stack.explain import Explanation
from strati.stack.layers.features import SharedFits
from strati.stack.layers.timing import Stopwatch


@dataclass(frozen=True)
class Rules:
    """Answers by the first rule that matches; passes when none does."""

    rules: tuple[Rule, ...] = ()
    name: str = "rules"
    kind: ClassVar[str] = "rules.v1"
    answers_from_train: ClassVar[bool] = True

    @classmethod
    def from_file(cls, path: Path, name: str = "rules") -> Self:
        """A layer from a text file of rules."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise DataError(f"{path} cannot be read as a UTF-8 text file of rules: {why}") from error
        return cls(parse_rules(text, str(path)), name)

    def fingerprint(self) -> str:
        return fingerprint(self.kind, rules=self.text())

    def text(self) -> str:
        """The rules as a file."""
        return "".join(f"{rule}\n" for rule in self.rules)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        with Stopwatch() as watch:
            found = [self._first(padded(case.text)) for case in cases]
        usage = Usage(seconds=watch.each(len(cases)))
        return [
            case.passed(self.name, "no rule matches", usage)
            if rule is None
            else case.answered(Answer(rule.value, rule.precision, self.name), usage, str(rule))
            for case, rule in zip(cases, found, strict=True)
        ]

    def explain(self, case: Case, ctx: Context) -> Explanation:  # noqa: ARG002
        """The rule that gave the answer."""
        rule = self._first(padded(case.text))
        return Explanation(f"the rule {rule}", {"kind": "rule", "rule": str(rule)})

    def _first(self, text: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.matches(text)), None)

    def save(self, folder: Path) -> dict[str, JSON]:
        (folder / "rules.txt").write_text(self.text(), encoding="utf-8")
        return {}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls.from_file(folder / "rules.txt", settings["name"])


@dataclass(frozen=True)
class InducedRules(Rules):
    """Keyword rules induced from the training rows.

    Sequential covering (Fuernkranz 1999, "Separate-and-conquer rule learning"): take the word or two-word phrase and
    label with the best lower bound of precision among the rows not yet covered, add it as a rule, drop what it covers.
    """

    most: int = 100
    shared: SharedFits = field(default_factory=SharedFits, compare=False, repr=False)
    kind: ClassVar[str] = "rules.v1"
    answers_from_train: ClassVar[bool] = True
    longest: ClassVar[int] = 500  # one list is induced; a form with fewer rules takes its beginning

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        texts = [example.text for example in train]
        references = [str(example.reference) for example in train]
        induced = self.shared.once(
            "rules", [*texts, *references], lambda: induce(texts, references, self.longest, ctx.check)
        )
        return replace(self, rules=induced.first(self.most), shared=self.shared)

    def fingerprint(self) -> str:
        return super().fingerprint() if self.rules else fingerprint(self.kind, most=self.most)

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(parse_rules((folder / "rules.txt").read_text(encoding="utf-8")), settings["name"])
