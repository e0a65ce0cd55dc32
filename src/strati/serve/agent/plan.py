"""The plan: made from the question alone, before any tool has spoken, and never changed afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from strati.core.context import Context
from strati.core.errors import LayerDown
from strati.core.records import JSON
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.serve.agent.records import Call, Plan
from strati.serve.agent.router import route

MOST_STEPS = 4
LONGEST = 4000
"""Characters of a call's input."""
MAX_TOKENS = 300
SYSTEM = (
    "You plan which tools answer a question. You reply with JSON: the steps in order, each with a tool and its input. "
    "Most questions need one step. In an input, {1} stands for the result of step 1."
)
_QUOTED = re.compile(r"[\"“«]([^\"”»]{3,})[\"”»]")
_COLON = re.compile(r"^[^:\"]{3,120}:\s+(\S.*)$", re.S)
_CLAIM = re.compile(
    r"^(?:please\s+)?(?:is it (?:true|correct|right|a fact)|verify|check|confirm|can you (?:verify|confirm)|"
    r"(?:do|does) [\w ]{3,40}(?:support|say|agree|confirm|back up)(?: the (?:statement|claim))?|am i (?:right|correct))"
    r"(?: (?:if|whether))?(?: it is true)? that (.+?)\??$",
    re.I | re.S,
)
_TAIL = re.compile(r"[.,;]?\s*(?:is (?:that|this) (?:so|true|right|correct)|correct|right|true)\?$", re.I)
_LOOK = re.compile(
    r"^(?:please\s+)?(?:find|search|look|show|list|locate|open|pull up|bring up|retrieve|get|give)\b(?: me)?"
    r"(?: (?:for|up|the|all|any|everything|passages?|documents?|files?|pages?|sections?|sources?|on|about|in|that|"
    r"which|we have|mention|cover|deal with|talk about|clause))*\s+",
    re.I,
)


def planned(
    question: str,
    tools: Mapping[str, str],
    model: LanguageModel | None = None,
    ctx: Context | None = None,
    *,
    most: int = MOST_STEPS,
) -> Plan:
    """The plan for a question: a language model's where there is one, the router's otherwise.

    Args:
        question: in plain words.
        tools: the available tools by name, with what each does.
        model: plans with typed steps; a reply that is no plan leaves it to the router, and the plan says so.
        ctx: time and money that planning may take.
        most: calls at most.
    """
    if model is None:
        return _routed(question, tools)
    try:
        calls = _by_model(question, tools, model, ctx or Context(), most)
    except (ValueError, ContextOverflow, LayerDown) as reason:
        plan = _routed(question, tools)
        return Plan(plan.calls, plan.by, f"{model.card.name} gave no plan ({reason}); {plan.reason}")
    return Plan(calls, model.card.name)


def input_for(tool: str, question: str) -> str:
    """The part of a question that a tool takes: what is quoted or follows a colon, the claim, or the words to look for.

    >>> input_for("check", "Is it true that the lease ends in 2027?")
    'the lease ends in 2027'
    >>> input_for("write", 'Fix the spelling: teh fox')
    'teh fox'
    """
    text = question.strip()
    if tool in ("check", "stacks", "write"):
        if quoted := _QUOTED.search(text):
            return quoted[1].strip()
        if after := _COLON.match(text):
            return after[1].strip()
    if tool == "check":
        if claim := _CLAIM.match(text):
            return claim[1].strip()
        return _TAIL.sub(".", text)
    if tool == "search":
        return _LOOK.sub("", text).rstrip("?. ") or text
    return text


def _routed(question: str, tools: Mapping[str, str]) -> Plan:
    found = route(question, list(tools))
    others = ", ".join(f"{tool} {share:.2f}" for tool, share in found.others[:2])
    reason = f"{found.tool} {found.probability:.2f}" + (f" before {others}" if others else "")
    return Plan((Call(found.tool, input_for(found.tool, question)[:LONGEST]),), "router", reason)


def _by_model(
    question: str, tools: Mapping[str, str], model: LanguageModel, ctx: Context, most: int
) -> tuple[Call, ...]:
    from strati.models.ask import write

    listed = "\n".join(f"- {name}: {words}" for name, words in tools.items())
    prompt = Prompt(f"Question: {question}", system=SYSTEM, prefix=f"Tools:\n{listed}\n\n")
    reply = write(model, prompt, MAX_TOKENS, ctx, _schema(list(tools), most))
    return read_plan(reply.text, list(tools), most)


def _schema(tools: Sequence[str], most: int) -> JSON:
    step = {
        "type": "object",
        "properties": {"tool": {"enum": list(tools)}, "input": {"type": "string"}},
        "required": ["tool", "input"],
        "additionalProperties": False,
    }
    steps = {"type": "array", "items": step, "minItems": 1, "maxItems": most}
    return {"type": "object", "properties": {"steps": steps}, "required": ["steps"], "additionalProperties": False}


def read_plan(text: str, tools: Sequence[str], most: int = MOST_STEPS) -> tuple[Call, ...]:
    """The calls that a model's reply states; raises `ValueError` in one sentence for anything but a plan."""
    try:
        found = json.loads(text[text.find("{") : text.rfind("}") + 1])
        steps = found["steps"]
        calls = tuple(Call(str(step["tool"]), str(step["input"])[:LONGEST]) for step in steps)
    except (ValueError, KeyError, TypeError):
        raise ValueError("its reply is no list of steps") from None
    if not 1 <= len(calls) <= most:
        raise ValueError(f"its plan has {len(calls)} steps, expected 1 to {most}")
    for number, call in enumerate(calls, 1):
        if call.tool not in tools:
            raise ValueError(f"it names the tool {call.tool!r}, expected one of {', '.join(tools)}")
        if not call.input.strip():
            raise ValueError(f"step {number} has no input")
        if any(int(place) >= number for place in re.findall(r"\{(\d+)\}", call.input)):
            raise ValueError(f"step {number} asks for a result that is not there yet")
    return calls
