"""From text to proposal: rules, regions, style, language, facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import TaskError
from strati.write import Edit, Proposal, Style, Tools, changed, facts, propose, tools
from strati.write.harper import Harper
from strati.write.keep import facts_kept
from strati.write.regions import protected

PAGE = """---
title: Teh page
---

# Our plan

I has an apple. See [teh link](http://x.y/teh) and `teh code`.

    teh block

| teh | table |
|-----|-------|
| teh | cell  |

```
teh fence
```

It is <b title="teh">definately</b> so.

<!-- teh comment -->

[teh]: http://x.y "teh"
"""


@pytest.fixture(scope="module")
def english() -> Tools:
    return tools()


def pairs(proposal: Proposal) -> list[tuple[str, str]]:
    return [(edit.before, edit.after) for edit in proposal.edits]


def test_only_prose_is_touched(english: Tools) -> None:
    proposal = propose(PAGE, using=english, markdown=True)
    assert pairs(proposal) == [("has", "have"), ("definately", "definitely")]
    assert all(edit.reason for edit in proposal.edits)
    shield = protected(PAGE, markdown=True)
    assert "".join(PAGE[a:b] for a, b in shield).count("teh") == PAGE.count("teh")
    assert changed(PAGE, proposal.edits).replace("have", "has").replace("definitely", "definately") == PAGE


@pytest.mark.parametrize(
    "piece", ["` `` ", "<a ", "<!-- ", "[", "[a](", "$a_", "a", "a/", "a.b-", "|-|\n", "```\n", "$$"]
)
def test_odd_markup_is_read_in_one_pass(piece: str) -> None:
    """A text of 100,000 signs without an end to anything: what looked for the end again and again would take hours."""
    text = piece * (100_000 // len(piece))
    assert all(0 <= start < end <= len(text) for start, end in protected(text, markdown=True))
    facts(text)


def test_code_and_elements_have_an_end() -> None:
    text = "Run ``a ` b`` or `c`, <script>teh</script> and <!-- teh --> or $$teh$$, but ` not this, <svg nor this."
    found = [text[a:b] for a, b in protected(text, markdown=True)]
    assert found == ["``a ` b``", "`c`", "<script>teh</script>", "<!-- teh -->", "$$teh$$"]


def test_facts_are_not_touched(english: Tools) -> None:
    text = 'The Frobnicator dont stop. He said "we was late" then.'
    proposal = propose(text, using=english)
    assert pairs(proposal) == [("dont", "don't")]
    assert {edit.before for edit in proposal.dropped} == {"Frobnicator", "was"}
    assert all(edit.facts for edit in proposal.dropped)


def test_a_name_at_the_start_of_a_sentence_is_known_from_elsewhere(english: Tools) -> None:
    proposal = propose("They saw Wendesday Inc there. Wendesday is good.", using=english)
    assert proposal.edits == ()
    assert len(proposal.dropped) == 2


def test_facts_of_a_list_without_an_end_are_kept() -> None:
    """Of a long one only the words around an edit are looked at, whole ones, and the edits that reach in."""
    text = "\n".join(f"item {n} weighs 5 km and teh rest" for n in range(200))
    at = text.index("5 km", 4000)
    wrong, right = Edit(at, at + 4, "5 km", "6 km", ""), Edit(at + 9, at + 12, "teh", "the", "")
    far = [Edit(n, n + 3, "teh", "the", "") for n in range(at + 13, len(text)) if text.startswith("teh", n)]
    good, dropped = facts_kept(text, [wrong, right, *far])
    assert good == [right, *far]
    assert [edit.after for edit in dropped] == ["6 km"]


def test_style_goes_first() -> None:
    style = Style(
        terms={"web site": "website", "site": "web site"},
        spelling={"colour": "color"},
        banned={"leverage": "use", "good": ""},
        keep=("frobnicate",),
    )
    text = "Leverage our web site to frobnicate the COLOUR. It is good."
    proposal = propose(text, using=tools(style))
    assert changed(text, proposal.edits) == "Use our website to frobnicate the COLOR. It is good."
    assert [note.text for note in proposal.notes] == ["the style file bans 'good'"]


def test_rules_by_name() -> None:
    text = "I has an apple."
    (edit,) = propose(text, using=tools()).edits
    assert pairs(propose(text, using=tools(Style(off=(edit.rule,))))) == []
    with pytest.raises(TaskError, match="there is no dialect 'klingon', expected one of american"):
        Harper("klingon")


def test_the_forms_of_a_verb_come_in_one_order() -> None:
    """Harper's order is another one in each process: the same draft had other edits, and another hash."""
    text = "He goed home. She taked it. They swimmed. He runned off. Costs rised. It growed. We knowed. She writed."
    forms = [flag for flag in Harper().flags(text) if flag.rule == "RegularIrregulars"]
    assert [flag.words[0] for flag in forms] == ["went", "took", "swam", "ran", "rose", "grew", "knew", "wrote"]
    assert forms[0].message == "Use the irregular form 'went' or 'gone' instead of 'goed'"


def test_dialect() -> None:
    assert pairs(propose("The colour is nice.", using=tools(Style(dialect="british")))) == []


def test_another_language_is_left_alone(english: Tools) -> None:
    german = "Der Hund ist nicht im Haus und die Katze ist auch da mit dem Rest der Welt."
    proposal = propose(german, using=english)
    assert proposal.edits == ()
    assert [note.text for note in proposal.notes] == ["no rules for de: checked by facts only"]
    both = f"The dog is not in the house and it are late. This is the rest of it.\n\n{german}\n"
    mixed = propose(both, using=english)
    assert all(edit.end < both.index("Der") for edit in mixed.edits)
    assert [note.text for note in mixed.notes] == ["left alone: it is in another language (de)"]
    assert propose("", using=english).edits == ()


def test_the_hash_covers_text_and_edits() -> None:
    one = Proposal("a" * 64, (Edit(0, 1, "a", "b", "why"),))
    assert one.hash == Proposal("a" * 64, (Edit(0, 1, "a", "b", "another reason"),)).hash
    assert one.hash != Proposal("b" * 64, one.edits).hash
    assert one.hash != one.only([]).hash
    assert set(one.to_json()) == {"hash", "edits", "dropped"}
    assert set(one.to_json()["edits"][0]) == {"start", "end", "before", "after", "reason", "facts"}
    with pytest.raises(TaskError, match="'a' is not there any more"):
        changed("x", one.edits)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("x = 1", "there is no setting 'x'"),
        ("[terms]\na = 1", "has to be a word, found 1"),
        ("terms = 3", "maps words to words"),
        ("keep = 'a'", "keep is a list of words"),
        ("[rules]\nonly = []", "has two lists"),
        ("dialect = 2", "dialect is a word"),
        ("[", "is no TOML"),
    ],
)
def test_style_files(tmp_path: Path, toml: str, said: str) -> None:
    path = tmp_path / "style.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(TaskError, match=said):
        Style.load(path)
    with pytest.raises(TaskError, match="is not there"):
        Style.load(tmp_path / "none.toml")
