"""What `strati certify` prints: the outcome, whether a certificate stands, whether its figures add up."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import AnswerIsNo, StackError

if TYPE_CHECKING:
    from strati.certify.certify import Certified
    from strati.certify.method import Row
    from strati.certify.traffic import Compared

WIDTH = 80
WORST = 6  # rows of a table


def show(done: Certified, path: Path | None, *, as_json: bool) -> None:
    """The outcome of a certification."""
    if as_json:
        print(json.dumps(outcome_json(done, path), ensure_ascii=False))
        return
    blocks = (_headline(done), _stages(done), _parts(done), _test(done), _classes(done), _groups(done), _notes(done))
    found = [block for block in map(list, blocks) if block]
    if path is not None:
        commands = [f"Answer  strati run {path} FILE", f"Check   strati certify --check {path}"]
        found.append([f"Stack   {path}", *commands])
    print("\n\n".join("\n".join(block) for block in found))


def outcome_json(done: Certified, path: Path | None) -> dict[str, object]:
    """The outcome for machines."""
    from strati.certify.write import promise_json, result_json

    thresholds = () if done.setting is None else done.setting.thresholds
    stages = [{"rung": n, "threshold": t} for n, t in zip(done.names, thresholds, strict=bool(thresholds))]
    return {
        "run": done.run,
        "certified": done.setting is not None,
        "stack": str(path) if path else None,
        "promise": promise_json(done),
        "result": result_json(done),
        "stages": stages,
        "walk": done.walk.to_json(),
        "labels_needed": done.labels_needed,
        "looks_left": done.left,
    }


def _headline(done: Certified) -> Iterator[str]:
    from strati.core.figures import money

    wanted = done.wanted
    sure = f"with {_percent(wanted.confidence)} confidence"
    if wanted.max_error_cost is None:
        claim = f"right at least {_percent(wanted.at_least)} of the time"
        claim += ", for every class of answers by itself" if wanted.per_class else ""
        subject = "automatic answers are "
        if _graded(done):
            claim = f"at most {_percent(round(1 - wanted.at_least, 12))} on average"
            claim += ", for every class of answers by itself" if wanted.per_class else ""
            subject = "automatic answers lose "
    else:
        claim = f"at most {money(wanted.max_error_cost)} per 1,000 automatic answers"
        subject = "errors cost "
    if done.setting is not None:
        yield from wrapped(f"Certified: {subject}{claim}, {sure}, on traffic like the calibrate examples.")
        yield from _counted(done)
        return
    text = f"Not yet: it could not be shown, {sure}, that {subject}{claim}, at any setting of this stack."
    yield from wrapped(text)
    yield from _counted(done)
    yield from wrapped(_more(done))


def _graded(done: Certified) -> bool:
    """Whether an answer may be wrong in part."""
    return done.walk.path.promise.graded and done.wanted.error_costs is None


def _counted(done: Certified) -> Iterator[str]:
    if _graded(done):
        yield from wrapped(f"Lost is, {done.rule.words}.")


def _more(done: Certified) -> str:
    """What would help: more labels, or something else."""
    from strati.core.figures import count

    spent, needed, promise = len(done.scored["calibrate"]), done.labels_needed, done.walk.path.promise
    used = f"The {count(spent)} labels looked at are used up; --labels FILE takes fresh ones."
    if done.left:
        used = f"Reserved looks left at the {count(spent)} labels of this run: {done.left}."
    if needed is None:
        text = "Labels alone do not help, as far as tune can tell: automatic answers are wrong too often for that at "
        if _graded(done):
            text = "Labels alone do not help, as far as tune can tell: automatic answers lose too much for that at "
        return f"{text}any threshold. A better rung would, or a lower bar."
    if needed <= spent:
        text = f"Going by tune about {count(_round(needed))} labels would have been enough, so tune was flattering or "
        return f"{text}the draw of labels unlucky: fresh labels may show it, or a lower bar. {used}"
    if not promise.exact or promise.classes:
        return f"At least about {count(_round(needed))} more labels, all of them fresh, going by tune. {used}"
    text = f"About {count(_round(needed))} more labels: going by tune, so many fresh calibrate labels would show it "
    return f"{text}four times in five. {used}"


def _round(value: int) -> int:
    """Two digits: an estimate has no more."""
    return int(float(f"{value:.2g}"))


def _stages(done: Certified) -> Iterator[str]:

    thresholds = [None] * len(done.names) if done.setting is None else list(done.setting.thresholds)
    width = min(40, max(len(name) for name in (*done.names, "people")))
    for number, (name, threshold) in enumerate(zip(done.names, thresholds, strict=True), 1):
        what = "" if threshold is None else f"answers from a confidence of {threshold:.3f} on"
        if threshold == 0:
            what = "answers, however sure it is"
        elif threshold is not None and threshold > 1:
            what = "never answers; what it says helps to judge the others"
        yield f"  {number}. {_clip(name, width):{width}}  {what}".rstrip()
    yield f"  {len(done.names) + 1}. {'people':{width}}  the rest"


def _parts(done: Certified) -> Iterator[str]:
    from strati.certify.write import figures
    from strati.core.figures import count, money, share

    if done.wanted.error_costs is None:
        head = f"{'lost':>7} {'on average':>13}" if _graded(done) else f"{'wrong':>7} {'of automatic':>13}"
    else:
        head = f"{'errors cost':>12} {'per 1,000':>10}"
    if done.setting is None:
        yield "  The setting that tune predicts to be the easiest to show:"
    yield f"  {'':10} {'examples':>9} {'automatic':>10} {head} {'to run, $/1,000':>17}"
    for name, delivered in done.parts.items():
        found = figures(done, delivered)
        if done.wanted.error_costs is None:
            middle = f"{_lost(done, found['errors']):>7} {share(found['error']):>13}"
        else:
            lost = done.wanted.error_costs.dearest * float(found["errors"])
            middle = f"{money(lost):>12} {money(found['error_cost_per_1000']):>10}"
        left = f"  {name:10} {count(found['examples']):>9} {share(found['share']):>10}"
        yield f"{left} {middle} {money(found['cost_per_1000']):>17}"


def _lost(done: Certified, errors: float) -> str:
    from strati.core.figures import count

    return f"{errors:,.1f}" if _graded(done) else count(errors)


def _test(done: Certified) -> Iterator[str]:
    """What was tested on calibrate, and what test says by itself."""
    from strati.certify.write import figures
    from strati.core.figures import count, money, share

    step, tested = done.walk.step, count(len(done.walk.steps))
    places = "1 setting was" if len(done.walk.steps) == 1 else f"{tested} settings were"
    if step is not None:
        p = "below 0.0001" if step.p < 0.0001 else f"{step.p:.4f}"
        text = f"Calibrate is what the promise rests on: {places} tested along a path that was fixed on tune; the "
        text += f"last to pass has p {p}, needed was {step.level:.4f}."
        yield from wrapped(text, "  ")
    found = figures(done, done.parts["test"])
    if not found["automatic"]:
        return
    bound = f"{share(found['upper'])} {'lost' if _graded(done) else 'wrong'}"
    if done.wanted.error_costs is not None:
        bound = f"{money(found['upper_error_cost_per_1000'])} per 1,000"
    sure = _percent(done.wanted.confidence)
    yield from wrapped(f"Test decides nothing; by itself it bounds this setting at {bound} ({sure}).", "  ")


def _classes(done: Certified) -> Iterator[str]:
    """The worst classes of answers, on calibrate and test."""
    from strati.certify.write import class_rows

    rows = class_rows(done, "calibrate")
    test = {row.key: row for row in class_rows(done, "test")}
    if len(rows) < 2 and not test:
        return
    money = done.wanted.error_costs is not None
    yield f"  {'':30} {'calibrate':>17}   {'test':>25}"
    wrong = "cost" if money else "wrong"
    head = f"  {'class of the answer':30} {'automatic':>9} {wrong:>7}   {'automatic':>9} {wrong:>7}"
    yield head if money else f"{head} {'at most':>7}"
    scale = done.wanted.error_costs.dearest if done.wanted.error_costs is not None else 1.0
    for row in rows[:WORST]:
        yield _class_line(row, test.get(row.key), scale, money=money)
    left = len(rows) - WORST
    if left > 0:
        what = "1 more class, no worse; --json shows all" if left == 1 else f"{left} more, none worse; --json shows all"
        yield f"  {what}."
    silent = len(done.labels) - len(rows)
    if silent:
        yield f"  {silent} of {len(done.labels)} classes got no automatic answer on calibrate."
    if not done.wanted.per_class:
        yield from wrapped("The promise is about all answers together, not about each class.", "  ")


def _class_line(row: Row, test: Row | None, scale: float, *, money: bool) -> str:
    from strati.core.figures import count, share
    from strati.core.figures import money as dollars

    def lost(errors: float) -> str:
        return dollars(scale * errors) if money else count(errors)

    right = f"{count(row.n):>9} {lost(row.errors):>7}"
    if test is None:
        return f"  {_clip(str(row.key), 30):30} {right}   {0:>9}"
    bound = "" if money else f" {share(test.upper):>7}"
    return f"  {_clip(str(row.key), 30):30} {right}   {count(test.n):>9} {lost(test.errors):>7}{bound}"


def _groups(done: Certified) -> Iterator[str]:
    from strati.certify.write import group_rows
    from strati.core.figures import count

    rows = group_rows(done)
    if not rows or done.wanted.error_costs is not None:
        return
    bad: Sequence[Row] = [row for row in rows if row.errors]
    yield f"  {count(len(rows))} groups have automatic answers on calibrate, {count(len(bad))} of them a wrong one."
    worst = [f"{_clip(str(row.key), 20)} ({count(row.errors)} of {count(row.n)})" for row in bad[:3]]
    if worst:
        yield from wrapped(f"Most in: {', '.join(worst)}.", "  ")


def _notes(done: Certified) -> Iterator[str]:
    yield from wrapped(_attempts(done), "  ")
    for note in done.notes:
        yield from wrapped(note[:1].upper() + note[1:] + ".", "  ")
    if done.left and done.setting is not None:
        yield f"  Reserved looks left at these calibrate labels: {done.left}."


def _attempts(done: Certified) -> str:
    """What the confidence speaks of: attempts, not certificates."""
    from strati.core.figures import share

    risk = _percent(1 - done.wanted.confidence)
    text = f"Of all attempts like this one at most {risk} end with a certificate that is wrong."
    if done.chance is None:
        return text
    likely = f"{text} This one had a chance of about {share(round(done.chance, 2))} to end with one, going by tune"
    if done.chance < 0.5:
        return (
            f"{likely}: where few attempts succeed, more than {risk} of the certificates that are given may be wrong."
        )
    return f"{likely}."


def show_check(
    path: Path,
    catalogs: list[Path],
    config: Path | None,
    traffic: str | None = None,
    inputs: tuple[str, ...] = (),
    *,
    as_json: bool,
) -> None:
    """Whether the certificate of a stack stands, and speaks of the traffic in a file; exit code 1 unless it does."""
    from strati.certify.certificate import Certificate
    from strati.core.environment import otherwise_here
    from strati.serve.load import standing_of

    if not (path / "certificate.json").exists():
        raise StackError(f"{path} has no certificate: strati certify makes one")
    standing = standing_of(path, catalogs, config).standing
    compared = _against(path, traffic, inputs) if traffic is not None and standing.state == "valid" else None
    if as_json:
        found = {"stack": str(path), "state": standing.state, "reasons": list(standing.reasons)}
        print(json.dumps(found if compared is None else {**found, "traffic": compared.to_json()}))
    if standing.state != "valid":
        raise AnswerIsNo(f"the certificate of {path} is {standing.state}: {'; '.join(standing.reasons)}")
    if not as_json:
        certificate = Certificate.read(path)
        run = f", run {certificate.run}" if certificate is not None and certificate.run else ""
        since = "" if certificate is None else f" (of {certificate.created[:10]}{run})"
        print(f"The certificate of {path} is valid{since}.")
        made = (certificate.data.get("receipt") or {}) if certificate is not None else {}
        if told := otherwise_here(made):
            print(f"{told[0].upper()}{told[1:]}.")
    if compared is not None and compared.differs:
        raise AnswerIsNo(f"{traffic}: {compared.words}")
    if compared is not None and not as_json:
        print(f"{traffic}: {compared.words}.")


def _against(path: Path, traffic: str, inputs: tuple[str, ...]) -> Compared:
    """The inputs of a file beside the calibrate inputs of a certificate."""
    from strati.cli.run import rows_of
    from strati.serve.traffic import compare_traffic

    compared = compare_traffic(path, rows_of(path, traffic, inputs, None))
    if compared is None:
        raise StackError(f"{path} keeps no sketch of its calibrate inputs to compare with: certify again")
    return compared


def show_verify(path: Path, *, as_json: bool) -> None:
    """Compute n, errors and p again from the outcomes file; exit code 1 where they differ."""
    from strati.certify.verify import verify

    stated, wrong = verify(path)
    if as_json:
        print(json.dumps({"stack": str(path), "reproduced": not wrong, "differences": wrong}))
    if wrong:
        raise AnswerIsNo(f"the certificate of {path} does not add up: {'; '.join(wrong)}")
    if not as_json and stated.step is not None:
        step = stated.step
        lost = f"with a summed loss of {step.errors:.4g}" if stated.path.promise.graded else f"{step.errors:g} wrong"
        figures = f"{step.n:,} automatic answers, {lost}, p {step.p:.4f}"
        print(f"The outcomes give the certificate's figures again:\n{figures}.")


def _percent(value: float) -> str:
    """A stated share with the digits it has: `95 %`, `99.5 %`."""
    return f"{100 * value:.6g} %"


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines as wide as the reports are."""
    joined = text.replace(" %", "\N{NO-BREAK SPACE}%")
    lines = textwrap.wrap(joined, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
