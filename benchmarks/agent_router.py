"""Which share of questions the agent's router sends to the right tool: sixty questions it was not trained on.

python benchmarks/agent_router.py tests/serve/agent/held_out_questions.tsv
"""

from __future__ import annotations

import sys
from pathlib import Path

from strati.serve.agent.router import read_questions, route
from strati.statistics.proportions import clopper_pearson


def main() -> None:
    rows = read_questions(Path(sys.argv[1]).read_text(encoding="utf-8"))
    right = 0
    for tool, question in rows:
        found = route(question)
        right += found.tool == tool
        if found.tool != tool:
            print(f"{tool} taken for {found.tool} ({found.probability:.2f}): {question}")
    bounds = clopper_pearson(right, len(rows))
    print(f"{right} of {len(rows)} to the right tool: {right / len(rows):.3f} [{bounds.low:.3f}, {bounds.high:.3f}]")


if __name__ == "__main__":
    main()
