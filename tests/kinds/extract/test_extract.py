"""The kind `extract`: forms, files, metrics, rungs; from a file to a saved stack."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import DataError, TaskError
from strati.core.records import Case, Example, Failure
from strati.data.reading import read
from strati.kinds.extract.crf import CRF
from strati.kinds.extract.fields import Fields
from strati.kinds.extract.gazetteer import Gazetteer
from strati.kinds.extract.kind import Extract
from strati.kinds.extract.llm import ExtractLLM, NotThere, located
from strati.kinds.extract.metrics import get_metric
from strati.kinds.extract.pairs import Pairs
from strati.kinds.extract.space import labels_in, relations_in
from strati.kinds.extract.tokens import entities_of, tags_of, tokens
from strati.kinds.extract.values import Entity, Extraction, normal, reference_of
from strati.models.scripted import ScriptedModel
from strati.task.kind import BadRow, Resources, Unusable
from strati.task.task import Task
from strati.testing import check_layer

PEOPLE = ["Ann Lee", "Bob Stone", "Carla Diaz", "Dev Patel", "Eve Moss", "Finn Berg"]
FIRMS = ["Acme Ltd", "Beta GmbH", "Corva Inc", "Delto LLC", "Ember Corp", "Fondo AG"]
FORMS = [
    "{p} works for {f}.",
    "{f} hired {p} in May.",
    "Yesterday {p} left {f}.",
    "Mr. {p} of {f} spoke.",
    "Rain fell all day.",
]


def example(number: int, seed: int = 1) -> Example:
    chosen = random.Random(f"{seed} {number}")
    form, person, firm = chosen.choice(FORMS), chosen.choice(PEOPLE), chosen.choice(FIRMS)
    text = form.format(p=person, f=firm)
    entities = sorted(
        Entity(text.index(name), text.index(name) + len(name), label)
        for name, label in ((person, "P"), (firm, "F"))
        if name in text
    )
    relations = []
    if "works for" in form:
        relations = [{"head": 0, "tail": 1, "label": "Work_For"}]
    reference = {**Extraction(tuple(entities)).to_json(), **({"relations": relations} if relations else {})}
    return Example(str(number), text, reference)


TRAIN = [example(number) for number in range(60)]
TEST = [example(number, seed=2) for number in range(30)]


@pytest.mark.parametrize(
    "cells",
    [
        {"entities": [{"start": 0, "end": 4, "label": "Org"}]},
        {"entities": [[0, 4, "Org"]]},
        {"spans": [{"start": 0, "end": 4, "label": "Org"}]},
        {"label": [[0, 4, "Org"]]},
        {"labels": [[0, 4, "Org"]]},
        {"entities": [{"id": 7, "start_offset": 0, "end_offset": 4, "label": "Org"}]},
        {"label": [{"start": 0, "end": 4, "text": "Acme", "labels": ["Org"]}]},
        {
            "annotations": [
                {"result": [{"id": "a", "type": "labels", "value": {"start": 0, "end": 4, "labels": ["Org"]}}]}
            ]
        },
    ],
)
def test_what_tools_write_is_one_form(cells: dict[str, object]) -> None:
    assert reference_of({"text": "Acme paid.", **cells}) == {"entities": [{"start": 0, "end": 4, "label": "Org"}]}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"entities": [[0, 99, "Org"]]}, "ends at 99, outside of the text"),
        ({"entities": [[4, 4, "Org"]]}, "start before end"),
        ({"entities": [["0", 4, "Org"]]}, "whole numbers"),
        ({"entities": [[0, 4, ""]]}, "expected text"),
        ({"entities": "Acme"}, "expected a list of spans"),
        ({"entities": [[0, 4, "Org"]], "relations": [{"head": 0, "tail": 3, "label": "x"}]}, "places in the list of 1"),
        ({"fields": ["a"]}, "expected an object"),
        ({"fields": {"a": {"b": 1}}}, "expected a value"),
    ],
)
def test_what_has_no_form_is_said(cells: dict[str, object], says: str) -> None:
    with pytest.raises(BadRow, match=says):
        reference_of({"text": "Acme paid.", **cells})


def test_relations_of_tools_are_joined_by_their_ids() -> None:
    spans = [
        {"id": 5, "start_offset": 0, "end_offset": 1, "label": "A"},
        {"id": 6, "start_offset": 2, "end_offset": 3, "label": "B"},
    ]
    found = reference_of({"text": "x y", "entities": spans, "relations": [{"from_id": 6, "to_id": 5, "type": "of"}]})
    assert found["relations"] == [{"head": 1, "tail": 0, "label": "of"}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bio.conll", "EU\tB-ORG\nrejects\tO\nNew\tB-LOC\nYork\tI-LOC\n\nAll\tO\nrests\tO\n"),
        ("iob1.txt", "EU I-ORG\nrejects O\nNew I-LOC\nYork I-LOC\n\nAll O\nrests O\n"),
        ("iobes.conll", "EU S-ORG\nrejects O\nNew B-LOC\nYork E-LOC\n\nAll O\nrests O\n"),
        (
            "four.conll",
            "-DOCSTART- -X- O O\n\nEU N S-ORG\nrejects V O\nNew N B-LOC\nYork N L-LOC\n\nAll D O\nrests V O\n",
        ),
    ],
)
def test_columns_of_tokens_and_tags(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read(tmp_path / name, Task(inputs=("text",), kind="extract"))
    assert [e.text for e in found.examples] == ["EU rejects New York", "All rests"]
    spans = [(one["start"], one["end"], one["label"]) for one in found.examples[0].reference["entities"]]
    assert spans == [(0, 2, "ORG"), (11, 19, "LOC")]


def test_relations_in_columns(tmp_path: Path) -> None:
    rows = [
        "0\tAnn\tB-P\t['Work_For']\t[3]",
        "1\tof\tO\t['N']\t[1]",
        "2\tAcme\tB-F\t['N']\t[2]",
        "3\tLtd\tI-F\t['N']\t[3]",
    ]
    (tmp_path / "a.conll").write_text("#doc 1\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = read(tmp_path / "a.conll", Task(inputs=("text",), kind="extract")).examples[0]
    assert Extraction.from_json(found.reference).triples() == {(Entity(0, 3, "P"), "Work_For", Entity(7, 15, "F"))}


def test_lists_of_text_and_spans(tmp_path: Path) -> None:
    (tmp_path / "spacy.json").write_text(json.dumps([["Acme paid.", {"entities": [[0, 4, "Org"]]}]]), encoding="utf-8")
    task = {
        "data": {"text": "Acme paid."},
        "annotations": [{"result": [{"type": "labels", "value": {"start": 0, "end": 4, "labels": ["Org"]}}]}],
    }
    (tmp_path / "studio.json").write_text(json.dumps([task]), encoding="utf-8")
    for name in ("spacy.json", "studio.json"):
        found = read(tmp_path / name, Task(inputs=("text",), kind="extract")).examples[0]
        assert found.reference == {"entities": [{"start": 0, "end": 4, "label": "Org"}]}


def test_f1_by_hand() -> None:
    a, b, c = ({"start": n, "end": n + 1, "label": "X"} for n in (0, 2, 4))
    metric = get_metric("f1")
    assert metric.score({"entities": [a, b]}, {"entities": [b, c]}).statistics == (1.0, 2.0, 2.0)
    assert metric.score({"entities": [a, b]}, None).statistics == (0.0, 0.0, 2.0)
    assert metric.loss({"entities": [b, a]}, {"entities": [a, b]}) == 0.0
    assert metric.loss({"entities": [a]}, {"entities": [a, b]}) == 1.0
    assert get_metric("f1_graded").loss({"entities": [a]}, {"entities": [a, b]}) == pytest.approx(1 / 3)
    fields = {"fields": {"date": "3 March 2021", "fee": None, "party": ["Acme", "Beta"]}}
    assert metric.score(fields, {"fields": {"date": "2021-03-03", "party": "acme"}}).statistics == (2.0, 2.0, 3.0)


def test_tags_are_there_and_back() -> None:
    for one in TRAIN:
        entities = list(Extraction.from_json(one.reference).entities)
        found = tokens(one.text)
        assert entities_of(found, tags_of(found, entities)) == entities


@pytest.mark.parametrize("layer", [Gazetteer(), CRF(pairs=Pairs())], ids=["gazetteer", "crf"])
def test_rungs_learn_and_keep_the_contract(layer: Gazetteer | CRF, tmp_path: Path) -> None:
    fitted = layer.fit(TRAIN, [], Context())
    metric = get_metric("f1")
    done = fitted.run([Case.of(one) for one in TEST], Context())
    scores = [
        metric.score(one.reference, case.answer.value) for one, case in zip(TEST, done, strict=True) if case.answer
    ]
    right, said, wanted = (sum(score.statistics[n] for score in scores) for n in range(3))
    assert 2 * right / (said + wanted) > 0.9
    check_layer(fitted, [Case.of(one) for one in TEST[:5]])
    settings = {"name": fitted.name, **fitted.save(tmp_path)}
    again = type(fitted).load(json.loads(json.dumps(settings)), tmp_path, {})
    assert again.fingerprint() == fitted.fingerprint()
    assert [c.answer for c in again.run([Case.of(one) for one in TEST], Context())] == [c.answer for c in done]
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".npz"}


def test_relations_are_learnt() -> None:
    fitted = CRF(pairs=Pairs()).fit(TRAIN, [], Context())
    value, sure = fitted.extract("Ann Lee works for Acme Ltd.")
    assert value.triples() == {(Entity(0, 7, "P"), "Work_For", Entity(18, 26, "F"))}
    assert 0 < sure <= 1
    assert fitted.extract("Rain fell on Ann Lee.")[0].triples() == set()


def test_fields_are_read_by_their_places() -> None:
    rows = [
        Example(str(n), f"Invoice {n} of Acme Ltd. Total due: ${n},500.00 by 3 March 2021.",
                {"fields": {"total": f"{n}500 USD", "due": "2021-03-03", "note": None}})
        for n in range(10, 40)
    ]  # fmt: skip
    fitted = Fields(CRF(), ("due", "note", "total")).fit(rows, [], Context())
    case = fitted.run([Case("x", "Invoice 77 of Beta GmbH. Total due: $77,500.00 by 3 March 2021.")], Context())[0]
    assert case.answer is not None
    got = Extraction.from_json(case.answer.value).pairs()
    assert got == {("total", "USD 77500"), ("due", "2021-03-03")}


def test_a_model_names_and_we_locate(tmp_path: Path) -> None:
    replies = {
        "Text: Ann Lee left.": '{"F": [], "P": ["Ann Lee"]}',
        "Text: Rain fell.": '{"F": ["Acme"], "P": []}',
        "Text: Snow fell.": "no idea",
    }
    layer = ExtractLLM(ScriptedModel(replies), ("F", "P")).fit(TRAIN, [], Context())
    assert len(layer.shown) == 6
    cases = [Case(str(n), text.removeprefix("Text: ")) for n, text in enumerate(replies)]
    found, absent, unusable = layer.run(cases, Context())
    assert found.answer is not None
    assert found.answer.value == {"entities": [{"start": 0, "end": 7, "label": "P"}]}
    assert absent.failure is unusable.failure is Failure.UNUSABLE_REPLY
    assert "which is not in the text" in absent.steps[-1].reason
    saved = {"name": layer.name, **layer.save(tmp_path)}
    again = ExtractLLM.load(saved, tmp_path, {"scripted": layer.model})
    assert again.fingerprint() == layer.fingerprint()


def test_named_texts_are_located() -> None:
    assert located("Ann and ann", {"P": ["Ann"]}) == [Entity(0, 3, "P")]
    assert located("at Acme  Ltd.", {"F": ["Acme Ltd"]}) == [Entity(3, 12, "F")]
    with pytest.raises(NotThere, match="not in the text"):
        located("Ann", {"P": ["An"]})


def test_the_kind() -> None:
    kind = Extract()
    space = kind.space(Task(kind="extract"), [one.reference for one in TRAIN])
    assert labels_in(space) == ("F", "P")
    assert relations_in(space) == ("Work_For",)
    value = TRAIN[0].reference
    assert kind.same(value, json.loads(json.dumps(value)))
    assert kind.same(kind.read(json.dumps(value), space), value)
    assert normal("$1,000") == normal("1000 USD")
    with pytest.raises(Unusable, match="states no entities"):
        kind.read("nothing", space)
    assert [c.name for c in kind.ladder(Task(kind="extract"), space, Resources())] == ["gazetteer and patterns", "CRF"]


def test_a_metric_that_the_data_cannot_have() -> None:
    kind = Extract()
    space = kind.space(Task(kind="extract"), [{"entities": [{"start": 0, "end": 1, "label": "X"}]}])
    assert all(kind.metric(name, space).name == name for name in kind.metrics)
    with pytest.raises(TaskError, match="no row of the data has a relation"):
        kind.ladder(Task(kind="extract", metric="relation_f1"), space, Resources())
    with pytest.raises(DataError, match="some rows have fields"):
        kind.space(Task(kind="extract"), [{"fields": {"a": "b"}}, {"entities": []}])


def test_an_answer_is_shown_in_words_and_twins_by_place() -> None:
    text = "Ann met Ann Lee."
    value = {
        "entities": [{"start": 8, "end": 15, "label": "Per"}, {"start": 0, "end": 3, "label": "Per"}],
        "relations": [{"head": 1, "tail": 0, "label": "met"}],
    }
    assert Extract().show_with(value, text) == "Ann at 0 (Per), Ann Lee (Per), Ann at 0 - met - Ann Lee"
    assert Extract().show_with({"entities": []}, text) == "nothing"
    assert Extract().show_with({"fields": {"total": "$5"}}, text) == Extract().show({"fields": {"total": "$5"}})
