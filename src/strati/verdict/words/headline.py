"""The decision in one or two sentences, for somebody who reads nothing else: never more than was measured."""

from __future__ import annotations

from strati.core.figures import several, share
from strati.measure.results import Results
from strati.verdict.decision import Decision

PULL = "strati models pull NAME, then the same command again"


def headline(results: Results, decision: Decision) -> str:
    """What to use, or what is missing, and whether a language model is needed.

    "Use" rests on the goal's bar or, where there is none, on a comparison with a language model; without either the
    candidate is the best so far and nothing else.
    """
    llm = _about_llm(results, decision)
    if results.unfinished:
        llm += f" Not finished: {len(results.unfinished)} of {len(results.meta['candidates'])} candidates are missing."
    if decision.drowned is not None:
        return (
            f"Undecided: always answering {decision.drowned.answer!r} is right on {share(decision.drowned.share)}, and "
            "all other answers together are rarer than the margin. Compare macro-F1, or say what each error costs. "
            f"{llm}"
        )
    if decision.decision == "use":
        return f"{_use(results, decision)} {llm}"
    if decision.decision == "none":
        return f"Nothing tried is good enough yet. {llm}"
    more = (
        f": about {several(decision.more_labels, 'more labelled test example')} would decide"
        if decision.more_labels
        else ""
    )
    return f"Undecided{more}.{_best(decision)} {llm}"


def best_so_far(results: Results, decision: Decision) -> bool:
    """Whether the chosen candidate is the best of what was tried and nothing says that it is good enough."""
    return decision.decision == "use" and not decision.llm_tried and results.goal.at_least is None


def _use(results: Results, decision: Decision) -> str:
    chosen = next(standing for standing in decision.standings if standing.name == decision.name)
    score = share(chosen.quality.value)
    if best_so_far(results, decision):
        return f"Best so far: {chosen.name}, {score}."
    so_far = ", of those measured so far" if results.unfinished else ""
    if not decision.llm_tried:
        return f"Use {chosen.name}{so_far}: {score}, shown to reach your bar of {share(results.goal.at_least)}."
    return f"Use {chosen.name}{so_far}."


def _best(decision: Decision) -> str:
    best = max(decision.standings, key=lambda standing: standing.quality.value, default=None)
    return f" Best so far: {best.name}, {share(best.quality.value)}." if best and best.quality.value > 0 else ""


def _about_llm(results: Results, decision: Decision) -> str:
    if not decision.llm_tried:
        if results.llms_began:
            return "Whether an LLM is needed is not known: none was measured to the end."
        return f"Whether an LLM would do better is not known: {PULL}."
    return {
        "no": "You do not need an LLM for this task, among the LLMs tried.",
        "yes": "Among what was tried, this task needs an LLM.",
        "undecided": "Whether an LLM is needed is not decided.",
    }[decision.needs_llm]
