"""Sentences that name two entities and say nothing of the two: how many get a fact? And sentences that do say it.

    python benchmarks/graph_traps.py

The sentences are ours. A false edge is any relation but "mentioned with" between two of the names.
"""

from __future__ import annotations

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.graph.reading import read
from strati.knowledge.graph.records import WEAK
from strati.knowledge.graph.settings import GraphSettings
from strati.statistics import clopper_pearson

TRAPS = """Acme Ltd and Beta GmbH both opened offices in Lisbon last year.
Shares of Acme Ltd rose while those of Beta GmbH fell.
Jane Smith arrived as Bob Miller left the building.
Unlike Acme Ltd, Beta GmbH pays a dividend.
Acme Ltd did not acquire Beta GmbH.
Acme Ltd never hired Jane Smith.
Acme Ltd may buy Beta GmbH next spring.
If Acme Ltd acquires Beta GmbH, both brands will stay.
Analysts doubt that Acme Ltd will acquire Beta GmbH.
Acme Ltd denied that it had acquired Beta GmbH.
The lawyers of Acme Ltd sued Beta GmbH on behalf of a client.
A former partner of Jane Smith married Bob Miller.
Acme Ltd's suppliers criticised Beta GmbH.
Acme Ltd hired the former chairman of Beta GmbH.
Jane Smith told reporters that Bob Miller had resigned.
Neither Acme Ltd nor Beta GmbH supplied Gamma Inc.
Acme Ltd considered suing Beta GmbH but decided against it.
It is untrue that Acme Ltd owns Beta GmbH.
Did Acme Ltd sell Beta GmbH to Gamma Inc.?
Acme Ltd planned to merge with Beta GmbH.
Acme Ltd failed to acquire Beta GmbH.
Jane Smith wrote a book about the rise of Acme Ltd and the fall of Beta GmbH.
Sponsors of the fair are Acme Ltd, Beta GmbH and Gamma Inc.
Customers left Acme Ltd because Beta GmbH was cheaper.
The report compares Acme Ltd with Beta GmbH.
Acme Ltd reported a loss; Beta GmbH, a profit; Gamma Inc., nothing.
Acme Ltd is in trouble, and Jane Smith was away.
Rumours that Acme Ltd bought Beta GmbH moved the market.
Acme Ltd allegedly bribed Jane Smith.
Jane Smith would never work for Beta GmbH.
Acme Ltd offered to buy Beta GmbH.
Talks between Acme Ltd and Beta GmbH collapsed.
Jane Smith quoted Bob Miller's speech and praised the team of Acme Ltd.
Acme Ltd was said to own Beta GmbH's rival.
In the list Acme Ltd follows Beta GmbH's subsidiary.
Unless Acme Ltd pays Beta GmbH, the work stops.
Acme Ltd could sue Beta GmbH.
No evidence shows that Acme Ltd controls Beta GmbH.
Acme Ltd's chief executive met Bob Miller's lawyer.
Acme Ltd published results on the day Jane Smith turned 40.
Like Jane Smith, Bob Miller studied law.
The building stands between Acme Ltd and the Bank of Utopia.
Acme Ltd wants to hire Jane Smith.
Acme Ltd hopes Beta GmbH will sell.
A fire destroyed a hall of Acme Ltd near the plant of Beta GmbH.
Jane Smith, who once criticised Acme Ltd's prices, met friends of Bob Miller.
Acme Ltd says Beta GmbH copied Gamma Inc.
Ask Jane Smith or Bob Miller for the key.
Both Acme Ltd's auditors and Jane Smith declined to comment.
Acme Ltd might have supplied Beta GmbH."""
TRUE = """Acme Ltd acquired Beta GmbH in 2020.
Beta GmbH was acquired by Acme Ltd.
Acme Ltd hired Jane Smith in March.
Jane Smith joined Acme Ltd.
Jane Smith, chief executive of Acme Ltd, spoke.
Acme Ltd's subsidiary Beta GmbH makes pumps.
Acme Ltd, which owns Beta GmbH, grew.
Acme Ltd sued Beta GmbH for damages.
Jane Smith works for Acme Ltd.
Beta GmbH is a subsidiary of Acme Ltd.
Acme Ltd supplies Beta GmbH.
Acme Ltd appointed Jane Smith as director.
Bob Miller founded Beta GmbH.
Acme Ltd merged with Beta GmbH.
Acme Ltd sold Beta GmbH to Gamma Inc.
Acme Ltd, the maker of pumps, licensed Beta GmbH.
Jane Smith was born in Rome.
Acme Ltd is headquartered in Paris.
Acme Ltd partnered with Gamma Inc.
Acme Ltd has invested in Beta GmbH."""
NAMED = ("organisation", "person", "place")


def says(sentence: str) -> list[str]:
    """The facts between two named entities of a sentence."""
    made = DocumentBuilder()
    made.block(Kind.PARAGRAPH, sentence)
    found = read(
        made.document("a.txt", media_type="text/plain", reader="text.v1"), "a", "0" * 64, GraphSettings(), "en"
    )
    return [
        f"{found.atoms[f.head].name} - {f.label} - {found.atoms[f.tail].name}"
        for f in found.facts
        if f.label != WEAK and found.atoms[f.head].type in NAMED and found.atoms[f.tail].type in NAMED
    ]


def main() -> None:
    false = [(one, facts) for one in TRAPS.splitlines() if (facts := says(one))]
    known = [one for one in TRUE.splitlines() if says(one)]
    for what, count, total in (
        ("traps with a false edge", len(false), len(TRAPS.splitlines())),
        ("true sentences with an edge", len(known), len(TRUE.splitlines())),
    ):
        found = clopper_pearson(count, total)
        print(f"{what}: {count} of {total} ({count / total:.0%}, [{found.low:.0%}, {found.high:.0%}])")
    for sentence, facts in false:
        print(f"  {sentence}  ->  {'; '.join(facts)}")
    for sentence in sorted(set(TRUE.splitlines()) - set(known)):
        print(f"  missed: {sentence}")


if __name__ == "__main__":
    main()
