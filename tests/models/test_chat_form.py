from __future__ import annotations

from collections.abc import Mapping, Sequence

from strati.core.errors import LayerDown
from strati.models.contract import Prompt
from strati.models.local.chat_form import ChatForm, Ids, Tokens

SHOTS = (("hi", "a"), ("ho", "b"))


class Letters:
    """A tokenizer with one token per character, and a template that may refuse system messages."""

    def __init__(self, system: bool = True) -> None:
        self.system = system
        self.asked = 0

    def tokens(self, text: str, special: bool = False, start: bool = False) -> Ids:  # noqa: ARG002
        self.asked += 1
        return ((1,) if start else ()) + tuple(map(ord, text))

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        if not self.system and messages[0]["role"] == "system":
            raise LayerDown("no system role")
        return "".join(f"<{m['role'][0]}>{m['content']}</>" for m in messages) + "<a>"


def text_of(tokens: Tokens) -> str:
    assert tokens.head[0] == 1
    return "".join(map(chr, tokens.head[1:])) + "|" + "".join(map(chr, tokens.rest))


def test_head_is_system_and_prefix_and_ends_before_shots() -> None:
    form = ChatForm(Letters(), chat=True)
    found = text_of(form.prompt(Prompt("case", "sys", "pre: ", SHOTS)))
    assert found == "<s>sys</><u>|hi</><a>a</><u>ho</><a>b</><u>pre: case</><a>"
    assert text_of(form.prompt(Prompt("case", "sys", "pre: "))) == "<s>sys</><u>pre:| case</><a>"
    assert text_of(form.prompt(Prompt("case"))) == "<u>|case</><a>"
    assert form.ends == (ord("<"),)


def test_system_goes_to_the_first_user_turn_where_a_template_has_none() -> None:
    form = ChatForm(Letters(system=False), chat=True)
    assert text_of(form.prompt(Prompt("case", "sys", "pre\n"))) == "<u>sys\n\npre\n|case</><a>"
    assert text_of(form.prompt(Prompt("case", "sys", "", SHOTS[:1]))) == "<u>sys\n\n|hi</><a>a</><u>case</><a>"


def test_plain_form_without_a_template() -> None:
    form = ChatForm(Letters(), chat=False)
    assert text_of(form.prompt(Prompt("case", "sys", "pre: ", SHOTS[:1]))) == (
        "sys\n\n|hi\nAnswer: a\n\npre: case\nAnswer:"
    )
    assert form.options(("yes",)) == (tuple(map(ord, " yes")),)
    assert form.ends == (ord("\n"),)
    assert form.reply(" yes") == "yes"


def test_the_head_and_the_options_are_tokenised_once() -> None:
    tokenizer = Letters()
    form = ChatForm(tokenizer, chat=True)
    form.prompt(Prompt("one", "sys", "pre: ", SHOTS))
    form.options(("a", "b"))
    before = tokenizer.asked
    form.prompt(Prompt("two", "sys", "pre: ", SHOTS))
    form.options(("a", "b"))
    assert tokenizer.asked - before == 5  # the case and the two shots; the template's own text is known
