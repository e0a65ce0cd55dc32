"""What `strati improve` can do: each experiment with its plan, told before anything is spent."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from strati.cli.console import hung
from strati.core.errors import MissingExtra

if TYPE_CHECKING:
    from strati.core.context import Context, Memo
    from strati.core.records import JSON, Example, Usage
    from strati.improve.compress_model import Smaller
    from strati.improve.experiment import Outcome
    from strati.measure.journal import Journal
    from strati.measure.results import Result, Results
    from strati.models.contract import LanguageModel
    from strati.stack.stack import Stack
    from strati.task.kind import Resources

Done = tuple["Outcome", "Stack | None"]


class Given(NamedTuple):
    """The run, what the command line says, and what an experiment works with."""

    journal: Journal
    results: Results
    stacks: Path
    catalogs: tuple[Path, ...]
    config: Path | None
    ctx: Context
    quiet: bool
    wanted: bool
    rung: str | None
    instructions: tuple[str, ...]
    unlabelled: str | None
    students: tuple[str, ...]
    limit: int | None
    audit: Path | None
    data: tuple[Path, ...]
    dollars: float | None
    from_quantised: bool = False

    def say(self, *lines: str) -> None:
        """Print the plan before anything is done; on standard error where the outcome is for machines."""
        for line in lines:
            print(hung(line, 8), file=sys.stderr if self.quiet else sys.stdout)

    @property
    def gate(self) -> str:
        goal = self.results.goal
        return f"margin {100 * goal.margin:g} points, alpha {goal.alpha:g}"

    def resources(self, names: Sequence[str], *, train: bool = False) -> Resources:
        """The models of those names, opened; with `train` the weights to train from too."""
        from strati.models.open import open_models, open_weights
        from strati.stack.uses import refuse_sending
        from strati.task.config import load_config
        from strati.task.kind import Resources

        hosted = load_config(self.config).models if self.config is not None else {}
        opened = open_models(sorted(set(names)), self.catalogs, llms=True, hosted=hosted) if names else ([], [])
        if self.results.goal.private:
            for model in opened[0]:
                refuse_sending(model.card)
        weights = open_weights([], self.catalogs) if train else []
        return Resources(tuple(opened[0]), tuple(opened[1]), tuple(weights))


class Experiment(NamedTuple):
    """What runs it, and the options that it alone understands."""

    run: Callable[[Given], Done]
    options: tuple[str, ...] = ()


@contextmanager
def working(
    journal: Journal, results: Results, minutes: float | None, dollars: float | None, *, quiet: bool
) -> Iterator[Context]:
    """A context within the limits; what models reply is kept beside the run, so that no call is made twice."""
    from strati.cli.show import Show
    from strati.cli.signals import stop_on_interrupt
    from strati.core.budget import Budget
    from strati.core.context import Context
    from strati.core.lock import RunLock
    from strati.measure.journal import Journal as Book

    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    path = journal.path.with_suffix(".improve")
    price = results.goal.machine_per_hour
    with RunLock(path.with_suffix(".improve.lock")), Book(path) as replies, Show(price, quiet) as show:
        ctx = Context(
            int(results.meta["seed"]),
            deadline,
            budget=Budget(dollars or 0.0, replies, show.paid),
            memo=_Both(journal, replies),
            advance=show.advance,
            begin=show.begin,
        )
        with stop_on_interrupt(ctx.cancelled):
            yield ctx


class _Both:
    """A memo of what the run asked, which is only read, and of what experiments ask."""

    def __init__(self, run: Memo, own: Memo) -> None:
        self._run, self._own = run, own

    def recall(self, key: str) -> tuple[JSON, Usage] | None:
        return self._run.recall(key) or self._own.recall(key)

    def remember(self, key: str, reply: JSON, usage: Usage) -> None:
        self._own.remember(key, reply, usage)


def _compress(given: Given) -> Done:
    """By what the rung is: n-grams, a fine-tuned encoder, or a language model that is named."""
    from strati.improve.compress import small_rung
    from strati.kinds.classify.encoder.layer import Encoder

    named = next((one for one in given.results.candidates if one.name == given.rung), None)
    if named is not None and named.record.uses_llm and not named.record.recorded:
        return _compress_model(given)
    if given.from_quantised:
        from strati.core.errors import TaskError

        raise TaskError("--from-quantised is for a rung with a language model, expected --rung with the name of one")
    name, folder, kind = small_rung(given.results, given.stacks, given.rung)
    return _compress_encoder(given, name, folder) if kind == Encoder.kind else _compress_ngrams(given, name, folder)


def _compress_ngrams(given: Given, name: str, folder: Path) -> Done:
    from strati.improve.compress import SHARES, compress, plan_compress
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    resources = resources_of(folder, given.catalogs, given.config)
    plan = plan_compress(given.journal, given.results, name, load_stack(folder, resources), folder)
    shares = ", ".join(f"{100 * share:g} %" for share in SHARES)
    given.say(
        f"Plan    {name}: keep {shares} of its {plan.features:,} n-grams, the heaviest; nothing is trained",
        f"        {plan.rows:,} tune rows answered {len(SHARES) + 1} times over; no model is paid; {given.gate}",
    )
    return compress(given.journal, given.results, plan, resources, given.ctx)


def _compress_encoder(given: Given, name: str, folder: Path) -> Done:
    from strati.improve.compress_encoder import compress_encoder, plan_encoder_sizes
    from strati.improve.rows import rows_of

    weights = given.resources((), train=True).weights
    plan = plan_encoder_sizes(given.journal, given.results, name, folder, weights)
    train = rows_of(given.results, given.data).units[0].train if plan.first else ()
    trained = f" (trained again on {len(train):,} train rows)" if plan.first else ""
    given.say(
        f"Plan    {name}: {', '.join(plan.proposals)}{trained}",
        f"        {plan.rows:,} tune rows answered {len(plan.proposals) + 1} times over; {given.gate}",
    )
    return compress_encoder(given.journal, given.results, plan, train, given.ctx)


def _compress_model(given: Given) -> Done:
    from strati.improve.compress_model import compress_model, model_of, plan_model
    from strati.improve.rows import rows_of
    from strati.improve.students import as_measured, language_rung

    results = given.results
    splits = rows_of(results, given.data)
    rung = language_rung(results, given.rung)
    resources = given.resources(rung.record.models)
    stack = as_measured(results, rung, splits, given.stacks, resources, given.ctx)
    copies: dict[str, Smaller] = {}
    told: list[str] = []
    model = model_of(stack)
    if model is not None:
        copies, told = _smaller_copies(given, model)
    plan = plan_model(results, splits, rung.name, stack, copies, given.ctx.seed)
    tried = [*plan.prompts, *plan.copies]
    asked = len(tried) * (len(plan.prior) + len(plan.judge)) + len(plan.judge)
    given.say(
        f"Plan    {rung.name}: {', '.join(tried)}",
        *told,
        f"        judged on {len(plan.judge):,} tune rows that set no prompt; {given.gate}",
        f"        about {asked:,} replies of the model{_price(given, rung, asked)}",
    )
    return compress_model(results, plan, given.ctx)


def _smaller_copies(given: Given, model: LanguageModel) -> tuple[dict[str, Smaller], list[str]]:
    """The copies of a model on this machine in fewer bits, made when they are asked for; and what is to be said."""
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store
    from strati.models.local.gguf import GgufModel
    from strati.models.local.requantise import PLAIN, main_type, need_gguf, requantise, smaller_types

    if not isinstance(model, GgufModel):
        return {}, []
    try:
        need_gguf()
    except MissingExtra as error:
        if given.from_quantised:
            raise
        return {}, [f"        its weights stay as they are: {error}"]
    own, types = main_type(model.path), smaller_types(model.path)
    if own not in PLAIN and not given.from_quantised:
        line = (
            f"        its weights are {own} already; --from-quantised tries {' and '.join(types) or 'nothing smaller'}"
        )
        return {}, [line]
    store = Store()
    catalog = Catalog.load(given.catalogs)
    source = catalog[model.card.name]

    def copy(target: str) -> LanguageModel:
        name = f"{source.name}-{target}"
        hashed = source.file.sha256 if source.file else ""
        if name in catalog and catalog[name].made_from == hashed and store.pulled([catalog[name]]):
            opened = store.open(catalog[name])
        else:
            store.root.mkdir(parents=True, exist_ok=True)
            given.ctx.begin(f"{name}: writing", 0)
            with tempfile.TemporaryDirectory(dir=store.root) as folder:
                file = Path(folder) / "made.gguf"
                requantise(model.path, target, file)
                opened = store.open(store.keep(name, source, file))
        assert isinstance(opened, GgufModel)
        return opened

    made = {f"{own} as {target}": partial(copy, target) for target in types}
    names = " and ".join(f"{source.name}-{target}" for target in types)
    return dict(made), [f"        made from {own} weights, kept as the model {names}"] if types else []


def _ablate(given: Given) -> Done:
    from strati.improve.ablate import ablate, assembled, folders_of, plan_ablate
    from strati.serve.resources import resources_of

    results = given.results
    plan = plan_ablate(given.journal, results)
    given.say(
        f"Plan    {plan.name}: the stack without each layer and without its check",
        f"        from the answers to {len(plan.part):,} tune rows; no model is asked; {given.gate}",
    )
    outcome, variant = ablate(results, plan, given.ctx)
    if variant is None or not given.wanted:
        return outcome, None
    resources: dict[str, object] = {}
    for folder in folders_of(results, plan, variant, given.stacks):
        resources |= resources_of(folder, given.catalogs, given.config)
    return outcome, assembled(results, plan, variant, given.stacks, resources)


def _encoder(given: Given) -> Done:
    from strati.improve.encoder import LAYERS, improve_encoder, plan_encoder
    from strati.improve.rows import rows_of
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    splits = rows_of(given.results, given.data)
    weights = given.resources((), train=True).weights
    name, folder = plan_encoder(given.journal, given.results, splits, given.stacks, weights)
    kept = name, load_stack(folder, resources_of(folder, given.catalogs, given.config))
    sizes = ", ".join("all" if not layers else f"the first {layers}" for layers in LAYERS)
    given.say(
        f"Plan    fine-tune {', '.join(one.name for one in weights)}: {sizes} of its layers, each as int8",
        f"        on {len(splits.units[0].train):,} train rows, on this machine; beside {name}; {given.gate}",
    )
    return improve_encoder(given.journal, given.results, splits, kept, weights, given.ctx)


def _prompts(given: Given) -> Done:
    from strati.improve.prompts import improve_prompt, plan_prompts
    from strati.improve.rows import rows_of
    from strati.improve.students import as_measured, language_rung

    results = given.results
    splits = rows_of(results, given.data)
    rung = language_rung(results, given.rung)
    resources = given.resources(rung.record.models)
    stack = as_measured(results, rung, splits, given.stacks, resources, given.ctx)
    plan = plan_prompts(results, splits, rung.name, stack, given.instructions, given.ctx.seed)
    mine = f", {len(given.instructions)} of yours among them" if given.instructions else ""
    asked = 4 * len(plan.search) + 2 * len(plan.judge)
    given.say(
        f"Plan    {rung.name}: search instructions{mine}, forms and examples on {len(plan.search)} tune rows,",
        f"        then judge the winner on {len(plan.judge)} others; {given.gate}",
        f"        about {asked:,} replies of the model{_price(given, rung, asked)}",
    )
    return improve_prompt(results, splits, plan, given.ctx)


def _distil(given: Given) -> Done:
    from strati.core.errors import DataError, TaskError
    from strati.data.unlabelled import Unlabelled
    from strati.improve.distil import Lesson, audited, distil, judged_rows, sort_out
    from strati.improve.rows import rows_of
    from strati.improve.students import as_measured, best_trained, language_rung, students
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    if given.unlabelled is None:
        raise TaskError("distil needs --unlabelled FILE: the rows that the teacher labels")
    results = given.results
    splits = rows_of(results, given.data)
    found = sort_out(splits, Unlabelled(given.unlabelled, results.task.inputs), given.limit)
    teacher = language_rung(results, given.rung)
    resources = given.resources(teacher.record.models)
    learners = [one for one in results.candidates if one.record.learns and not one.record.uses_llm]
    small = given.resources([name for one in learners for name in one.record.models], train=True)
    pupils = [
        one
        for one in students(results, small)
        if (any(part in one.name for part in given.students) if given.students else _usual(one.name))
    ]
    if not pupils:
        there = ", ".join(one.name for one in students(results, small)) or "none"
        raise DataError(f"no student's name holds {' or '.join(given.students)}, expected one of: {there}")
    stack = as_measured(results, teacher, splits, given.stacks, resources, given.ctx)
    trained = best_trained(results, given.stacks)
    beside = None
    if trained is not None:
        folder = trained[1]
        beside = trained[0], load_stack(folder, resources_of(folder, given.catalogs, given.config))
    audit = given.audit or given.journal.path.with_suffix(".audit.csv")
    rows = judged_rows(splits, given.ctx.seed)
    left = {"unusable": found.unusable, "labelled in the run": found.known, "repeated or in train": found.repeated}
    out = ", ".join(f"{count:,} {why}" for why, count in left.items() if count)
    asked = len(found.cases) + len(rows)
    given.say(
        f"Plan    {teacher.name} labels {len(found.cases):,} rows" + (f" (left out: {out})" if out else ""),
        f"        {', '.join(one.name for one in pupils)} learn from them",
        f"        and from {len(splits.units[0].train):,} train rows",
        f"        judged on {len(rows):,} tune rows with your labels; {given.gate}",
        f"        about {asked:,} replies of the teacher{_price(given, teacher, asked)}",
    )

    def labelled(lessons: Sequence[Example]) -> None:
        checked = audited(audit, lessons, given.ctx.seed)
        if checked is None:
            given.say(f"Audit   {audit}: a sample of the teacher's labels; fill in `yours` and run this again")
        else:
            right = f"{100 * checked.value:.1f} % ({100 * checked.low:.1f} to {100 * checked.high:.1f})"
            given.say(f"Audit   {audit}: the teacher was right in {right} of the {checked.n} rows that you checked")

    return distil(
        results, Lesson(splits, (teacher.name, stack), beside, tuple(pupils)), found.cases, given.ctx, labelled
    )


def _usual(name: str) -> bool:
    """Whether a student takes part by itself: n-grams, alone or joined with an embedder, and fine-tuned encoders."""
    return name.startswith(("n-grams", "CRF")) or "fine-tuned" in name


def _price(given: Given, rung: Result, replies: int) -> str:
    """What so many replies are expected to take, in words; raises where money is needed and none was allowed."""
    from strati.core.errors import TaskError
    from strati.core.figures import money

    seconds, parts = rung.seconds_per_answer, rung.cost_parts
    paid = replies * (parts or {}).get("paid", 0.0) / 1000
    if paid and given.dollars is None:
        raise TaskError(f"{rung.name} is paid: about {money(paid)} for {replies:,} replies; expected --max-dollars N")
    told = "" if not seconds else f", {max(1, round(replies * seconds / 60)):,} minutes"
    return told + (f", {money(paid)}" if paid else "") + "; those of the run are not asked again"


EXPERIMENTS = {
    "compress": Experiment(_compress, ("--rung", "--data", "--from-quantised")),
    "ablate": Experiment(_ablate),
    "encoder": Experiment(_encoder, ("--data",)),
    "prompts": Experiment(_prompts, ("--rung", "--instruction", "--data")),
    "distil": Experiment(_distil, ("--rung", "--unlabelled", "--student", "--limit", "--audit", "--data")),
}
