"""The plan: made from the question alone, before any tool has spoken, and never changed afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from strati.core.context import Context
from strati.core.errors import LayerDown, TaskError
from strati.core.records import JSON
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.serve.agent.records import Call, Plan
from strati.serve.agent.router import route
from strati.serve.tools.tool import Tool

MOST_STEPS = 4
LONGEST = 4000
"""Characters of a text in a call."""
SPARE = 80
"""Characters that a planned text may have beyond the question's own."""
MAX_TOKENS = 300
SYSTEM = (
    "You plan which tools answer a question. You reply with JSON: the steps in order, each with a tool and its "
    "arguments. Most questions need one step. In an argument, {1} stands for the result of step 1."
)
_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{3,})[\"”“»]|(?<!\w)['‘](\S.{1,}?\S)['’](?!\w)")
_COLON = re.compile(r"^[^:\"]{3,120}:\s+(\S.*)$", re.S)
_CLAIM = re.compile(
    r"^(?:please\s+)?(?:is it (?:true|correct|right|a fact)|verify|check|confirm|can you (?:verify|confirm)|"
    r"(?:do|does) [\w ]{3,40}(?:support|say|agree|confirm|back up)(?: the (?:statement|claim))?|am i (?:right|correct))"
    r"(?: (?:if|whether))?(?: it is true)? that (.+?)\??$",
    re.I | re.S,
)
_TAIL = re.compile(r"[.,;]?\s*(?:is (?:that|this) (?:so|true|right|correct)|correct|right|true)\?$", re.I)
_BETWEEN = re.compile(r"\b(?:between|from)\s+(.+?)\s+(?:and|to)\s+(.+)$", re.I)
_PAIR = re.compile(
    r"^(?:how|why|in what way|what) (?:is|are|was|were|does|do|did|has|have|links?|connects?|ties?)\s+(.+?)\s+"
    r"(?:(?:is|are|was|were)\s+)?(?:(?:connected|related|relate|linked|tied|joined)\s+)?(?:to do with|to|with|and)\s+"
    r"(.+?)(?:\s+(?:connected|related|linked|tied|joined|hang together|belong together|have to do with (?:one another|"
    r"each other)))?$",
    re.I,
)
_NAME = re.compile(r"[A-Z][\w&.'-]*(?:\s+(?:of|the|&|and Sons|de|van|von)?\s*[A-Z][\w&.'-]*)*")
_ARTICLE = re.compile(r"^(?:the|a|an|our)\s+", re.I)
_LEAD = re.compile(r"^.*\b(?:about|of|on|around|with|from|concerning|regarding|is|are|was|does|do|know)\s+(?=\S)", re.I)
_LOOK = re.compile(
    r"^(?:please\s+)?(?:find|search|look|show|list|locate|open|pull up|bring up|retrieve|get|give)\b(?: me)?"
    r"(?: (?:for|up|the|all|any|everything|passages?|documents?|files?|pages?|sections?|sources?|on|about|in|that|"
    r"which|we have|mention|cover|deal with|talk about|clause))*\s+",
    re.I,
)


def planned(
    question: str,
    tools: Mapping[str, Tool],
    model: LanguageModel | None = None,
    ctx: Context | None = None,
    *,
    most: int = MOST_STEPS,
) -> Plan:
    """The plan for a question: a language model's where there is one, the router's otherwise.

    Args:
        question: in plain words.
        tools: the available tools by name; those that change something are never planned.
        model: plans with typed steps; a reply that is no plan leaves it to the router, and the plan says so.
        ctx: time and money that planning may take.
        most: calls at most.
    """
    tools = {name: tool for name, tool in tools.items() if not tool.changes}
    if model is None:
        return _routed(question, tools)
    try:
        calls = _by_model(question, tools, model, ctx or Context(), most)
    except (ValueError, ContextOverflow, LayerDown) as reason:
        plan = _routed(question, tools)
        return Plan(plan.calls, plan.by, f"{model.card.name} gave no plan ({reason}); {plan.reason}")
    return Plan(calls, model.card.name)


def arguments_for(tool: str, question: str) -> dict[str, JSON]:
    """What a tool takes from a question: what is quoted or follows a colon, the claim, the words, the names.

    >>> arguments_for("check", "Is it true that the lease ends in 2027?")
    {'text': 'the lease ends in 2027'}
    >>> arguments_for("write", 'Fix the spelling: teh fox')
    {'text': 'teh fox'}
    >>> arguments_for("graph", "How is Jane Smith connected to Acme Ltd?")
    {'entity': 'Jane Smith', 'other': 'Acme Ltd'}
    """
    if tool == "graph":
        names = names_in(question)
        return dict(zip(("entity", "other"), names, strict=False))
    return {ARGUMENT[tool]: _text_for(tool, question)[:LONGEST]}


ARGUMENT = {
    "search": "query", "ask": "question", "check": "text", "tables": "question", "stacks": "text", "write": "text",
    "graph": "entity",
}  # fmt: skip
"""The argument that holds what is asked, for each tool that the router knows."""


def names_in(question: str) -> list[str]:
    """The one or two names that a question is about: quoted, between words that connect two, or with capitals.

    >>> names_in('What links "the mill" and "the dam"?'), names_in("What do the documents say about Nordlicht?")
    (['the mill', 'the dam'], ['Nordlicht'])
    """
    text = question.strip().rstrip("?.! ")
    if quoted := [(one[1] or one[2]).strip() for one in _QUOTED.finditer(text)]:
        return quoted[:2]
    if pair := _BETWEEN.search(text) or _PAIR.search(text):
        return [_ARTICLE.sub("", name.strip()) for name in pair.groups()]
    if found := _NAME.findall(text[:1].lower() + text[1:]):
        return [name.strip() for name in found][:2]
    return [_ARTICLE.sub("", _LEAD.sub("", text)).strip() or text]


def _text_for(tool: str, question: str) -> str:
    text = question.strip()
    if tool in ("check", "stacks", "write"):
        if quoted := _QUOTED.search(text):
            return (quoted[1] or quoted[2]).strip()
        if after := _COLON.match(text):
            return after[1].strip()
    if tool == "check":
        if claim := _CLAIM.match(text):
            return claim[1].strip()
        return _TAIL.sub(".", text)
    if tool == "search":
        return _LOOK.sub("", text).rstrip("?. ") or text
    return text


def _routed(question: str, tools: Mapping[str, Tool]) -> Plan:
    found = route(question, list(tools))
    others = ", ".join(f"{tool} {share:.2f}" for tool, share in found.others[:2])
    reason = f"{found.tool} {found.probability:.2f}" + (f" before {others}" if others else "")
    return Plan((Call(found.tool, arguments_for(found.tool, question)),), "router", reason)


def _by_model(
    question: str, tools: Mapping[str, Tool], model: LanguageModel, ctx: Context, most: int
) -> tuple[Call, ...]:
    from strati.models.ask import write

    listed = "\n".join(
        f"- {name}({', '.join(tool.signature.parameters)}): {tool.about}" for name, tool in tools.items()
    )
    prompt = Prompt(f"Question: {question}", system=SYSTEM, prefix=f"Tools:\n{listed}\n\n{_example(tools)}")
    reply = write(model, prompt, MAX_TOKENS, ctx, schema_of(tools, most, len(question) + SPARE))
    return read_plan(reply.text, tools, most)


def _example(tools: Mapping[str, Tool]) -> str:
    """One question with its one step, so that a small model knows when to end."""
    name, tool = next((name, tools[name]) for name in ("ask", "tables", *tools) if name in tools)
    asked = "Who was in charge in 2019?"
    steps = {"steps": [{"tool": name, "arguments": {tool.main: asked}}]}
    return f"Question: {asked}\n{json.dumps(steps)}\n\n"


def schema_of(tools: Mapping[str, Tool], most: int, longest: int = LONGEST) -> JSON:
    """The JSON schema of a plan: each step is a call that fits the schema of its tool.

    `longest` holds a model that repeats itself.
    """
    steps = [
        {
            "type": "object",
            "properties": {"tool": {"const": name}, "arguments": tool.schema(longest)},
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for name, tool in tools.items()
    ]
    listed = {"type": "array", "items": {"anyOf": steps}, "minItems": 1, "maxItems": most}
    return {"type": "object", "properties": {"steps": listed}, "required": ["steps"], "additionalProperties": False}


def read_plan(text: str, tools: Mapping[str, Tool], most: int = MOST_STEPS) -> tuple[Call, ...]:
    """The calls that a model's reply states; raises `ValueError` in one sentence for anything but a plan."""
    try:
        found = json.loads(text[text.find("{") : text.rfind("}") + 1])
        calls = tuple(Call(str(step["tool"]), dict(step["arguments"])) for step in found["steps"])
    except (ValueError, KeyError, TypeError):
        raise ValueError("its reply is no list of steps") from None
    if not 1 <= len(calls) <= most:
        raise ValueError(f"its plan has {len(calls)} steps, expected 1 to {most}")
    for number, call in enumerate(calls, 1):
        tool = tools.get(call.tool)
        if tool is None or tool.changes:
            expected = ", ".join(name for name, one in tools.items() if not one.changes)
            raise ValueError(f"it names the tool {call.tool!r}, expected one of {expected}")
        try:
            tool.must_fit(call.arguments)
        except TaskError as error:
            raise ValueError(f"step {number}: {error}") from None
        texts = [value for value in call.arguments.values() if isinstance(value, str)]
        if any(int(place) >= number for text in texts for place in re.findall(r"\{(\d+)\}", text)):
            raise ValueError(f"step {number} asks for a result that is not there yet")
    return calls
