"""The graph goes with the documents: what is ingested, changed and forgotten is so in the graph, at every moment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.errors import DataError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph import review
from strati.knowledge.graph.build import build
from strati.knowledge.graph.export import exported
from strati.knowledge.graph.find import View
from strati.knowledge.graph.follow import Follow
from strati.knowledge.graph.settings import GraphSettings
from strati.knowledge.ingest.pipeline import Settings
from tests.knowledge import small
from tests.knowledge.graph.world import FILES, base

SENTENCES = [
    "Acme Ltd acquired Beta GmbH in 2021.",
    "Acme Limited hired Jane Smith.",
    "J. Smith met Bob Miller in Berlin.",
    'Beta GmbH (the "Seller") was sued by Gamma Inc. for $5 million.',
    "The Zorbo Tool is fast. We like the Zorbo Tool.",
    "See Section 4.2 of the agreement of 3 March 2021.",
    "Acme Holdings Inc. owns Delta Corp.",
    "so it is",
]
TEXTS = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map(tuple)


def test_an_ingest_takes_the_graph_along(tmp_path: Path) -> None:
    with base(tmp_path, {"contract.txt": FILES["contract.txt"]}) as made:
        small.write(tmp_path / "docs", {"minutes.md": FILES["minutes.md"]})
        report = made.ingest([tmp_path / "docs"], Settings(workers=1))
        assert report.graph is not None
        assert (report.graph.read, report.graph.failed, report.graph.note) == (1, {}, "")
        followed = exported(View(made), "json")
        assert View(made).missing() == 0
        assert View(made).find("Bob Miller").type == "person"
        assert build(made).read == 0
        small.write(tmp_path / "docs", {"minutes.md": "# Minutes\n\nAcme Ltd hired Ada Stone."})
        made.ingest([tmp_path / "docs"], Settings(workers=1))
        changed = exported(View(made), "json")
        assert "Ada Stone" in changed
        assert "Bob Miller" not in changed
    with base(tmp_path / "again", FILES) as made:
        text = exported(View(made), "json")
    assert text.count("Bob Miller") == followed.count("Bob Miller") > 0


def test_a_base_without_a_graph_gets_none(tmp_path: Path) -> None:
    small.write(tmp_path / "docs", FILES)
    with KnowledgeBase.open(tmp_path / "work.kb") as made:
        assert made.ingest([tmp_path / "docs"], Settings(workers=1)).graph is None
        with pytest.raises(DataError, match="has no graph yet"):
            View(made)


def test_patterns_of_the_build_hold_for_what_comes_later(tmp_path: Path) -> None:
    small.write(tmp_path / "docs", {"a.txt": "We sell the Model X7 here."})
    with KnowledgeBase.open(tmp_path / "work.kb") as made:
        made.ingest([tmp_path / "docs"], Settings(workers=1))
        build(made, GraphSettings(patterns={"product": (r"Model [A-Z]\d+",)}))
        small.write(tmp_path / "docs", {"b.txt": "They sell the Model Q9 there."})
        made.ingest([tmp_path / "docs"], Settings(workers=1))
        assert {node.name for node in View(made).graph.nodes if node.type == "product"} == {"Model X7", "Model Q9"}


def test_an_extractor_that_is_gone_keeps_no_document_out(tmp_path: Path) -> None:
    with base(tmp_path, FILES) as made:
        made.store.write("graph", {"extractor": str(tmp_path / "ner.stack")})
        small.write(tmp_path / "docs", {"new.txt": "Acme Ltd hired Ada Stone."})
        report = made.ingest([tmp_path / "docs"], Settings(workers=1))
        assert report.graph is not None
        assert "ner.stack" in report.graph.note
        assert len(made.documents()) == 3
        assert View(made).missing() == 1


def _keep(made: KnowledgeBase, documents: dict[str, tuple[str, ...]]) -> None:
    records = [small.record(name, *texts) for name, texts in documents.items()]
    made.store.put_all([(record, {}) for record in records], Follow(made.store).prepare(records))


@settings(max_examples=25, deadline=None)
@given(
    a=st.dictionaries(st.sampled_from(["a.txt", "b.txt", "c.txt"]), TEXTS, min_size=1),
    b=st.dictionaries(st.sampled_from(["x.txt", "y.txt"]), TEXTS, min_size=1),
    before=st.dictionaries(st.sampled_from(["a.txt", "b.txt"]), TEXTS),
    decide=st.booleans(),
)
def test_what_is_added_and_forgotten_was_never_there(
    tmp_path_factory: pytest.TempPathFactory,
    a: dict[str, tuple[str, ...]],
    b: dict[str, tuple[str, ...]],
    before: dict[str, tuple[str, ...]],
    decide: bool,
) -> None:
    """index(A + B) minus B equals index(A), whatever A's documents were before and whatever people decided on B."""
    folder = tmp_path_factory.mktemp("exact")
    seed = {"seed.txt": ("Omega Ltd was founded by Otto Otter.",)}
    with KnowledgeBase.open(folder / "one.kb") as one, KnowledgeBase.open(folder / "two.kb") as two:
        for made in (one, two):
            made.store.put_all([(small.record(name, *texts), {}) for name, texts in seed.items()])
            build(made)
        _keep(one, a)
        _keep(two, {name: texts for name, texts in before.items() if name in a})
        _keep(two, b)
        if decide:
            _decide_on_doubts(two, b)
        _keep(two, a)
        two.store.remove([small.record(name, *texts).id for name, texts in b.items()])
        assert list(two.store.dump()) == list(one.store.dump())
        assert exported(View(two), "json") == exported(View(one), "json")


def _decide_on_doubts(made: KnowledgeBase, b: dict[str, tuple[str, ...]]) -> None:
    """Split off what only documents of B name, as a person might."""
    view = View(made)
    ids = {small.record(name, *texts).id for name, texts in b.items()}
    for doubt in view.graph.doubts:
        node = next(node for node in view.graph.nodes if doubt.a in node.atoms)
        if {place.document for place in node.mentions} <= ids:
            review.refuse(view, doubt.id)
            return


INGEST = """
import sys
from strati.core.errors import DataError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.ingest import pipeline
pipeline.TOGETHER = 2
with KnowledgeBase.open(sys.argv[1], create=False) as base:
    base.ingest([sys.argv[2]], pipeline.Settings(workers=1, told=lambda what, done, total: print(done, flush=True)))
"""


def test_kill_minus_nine_leaves_no_document_without_its_graph(tmp_path: Path) -> None:
    with base(tmp_path, {"seed.txt": "Omega Ltd was founded by Otto Otter."}):
        pass
    files = {f"{n}/{name}": text.replace("Acme", f"Acme{n}") for n in range(10) for name, text in FILES.items()}
    small.write(tmp_path / "docs", files)
    command = [sys.executable, "-c", INGEST, str(tmp_path / "work.kb"), str(tmp_path / "docs")]
    small.killed(command, 7)
    with KnowledgeBase.open(tmp_path / "work.kb", create=False) as made:
        assert 1 < len(made.documents()) <= len(files) + 1
        assert View(made).missing() == 0
        made.ingest([tmp_path / "docs"], Settings(workers=1))
        assert View(made).missing() == 0
        after = exported(View(made), "json")
        made.store.db.execute("DELETE FROM graph_readings")
        assert build(made).read == len(files) + 1
        assert exported(View(made), "json") == after
