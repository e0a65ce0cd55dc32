"""A bench from Python: made-up tickets, a function of your own as a layer, recorded answers, a decision.

    python examples/bench_in_python.py

Needs no download and no model, and leaves nothing behind. In your own code the part that matters is `decide`; the rest
makes the tickets up.
"""

from __future__ import annotations

import csv
import random
import tempfile
from pathlib import Path

from strati import Candidate, Goal, Outcome, Task, bench, read
from strati.measure.recorded_answers import read_answers

WORDS = {
    "billing": ["invoice", "refund", "charged twice", "payment failed", "tax number"],
    "delivery": ["parcel", "late", "courier", "wrong address", "tracking"],
    "account": ["password", "log in", "email change", "two factor", "locked out"],
}
FILLER = "hello please help I have a question about my order thanks it is urgent can you check this today".split()  # noqa: SIM905


def decide(tickets: Path, answers: Path, runs: Path) -> Outcome:
    """The smallest of three candidates that is good enough: keyword function, recorded answers, n-gram ladder."""
    task = Task(inputs=("text",), label="team", id="id", goal=Goal(margin=0.05, volume_per_month=50_000))
    data = read(tickets, task)
    own = Candidate.of(by_keyword, "my keywords")
    elsewhere = Candidate.from_answers("other system", read_answers(answers))
    return bench(data, task, also=[own, elsewhere], runs=runs)


def by_keyword(text: str) -> tuple[str, float] | None:
    """Your own layer: an answer with a confidence, or None to pass."""
    for team, words in WORDS.items():
        if any(word in text for word in words[:3]):
            return team, 0.9
    return None


def write_tickets(tickets: Path, answers: Path, rows: int = 900, seed: int = 0) -> None:
    """Made-up tickets, and what some other system is said to have answered (right 19 times in 20)."""
    chance = random.Random(seed)
    teams = list(WORDS)
    with tickets.open("w", newline="") as one, answers.open("w", newline="") as two:
        data, recorded = csv.writer(one), csv.writer(two)
        data.writerow(["id", "text", "team"])
        recorded.writerow(["id", "answer", "confidence", "cost", "seconds"])
        for number in range(rows):
            team = chance.choice(teams)
            about = team if chance.random() < 0.95 else chance.choice(teams)  # some tickets read like another team's
            text = [*chance.choices(FILLER, k=8), chance.choice(WORDS[about])]
            chance.shuffle(text)
            data.writerow([f"t{number}", " ".join(text), team])
            answer = team if chance.random() < 0.95 else chance.choice(teams)
            recorded.writerow([f"t{number}", answer, "0.95", "0.0004", "0.8"])


def main() -> None:
    """Make the files, decide, print."""
    with tempfile.TemporaryDirectory() as folder:
        tickets, answers = Path(folder) / "tickets.csv", Path(folder) / "answers.csv"
        write_tickets(tickets, answers)
        outcome = decide(tickets, answers, Path(folder) / "runs")
    choice = outcome.verdict["choice"]
    print(choice["headline"])
    for candidate in outcome.verdict["candidates"]:
        quality, cost = candidate["quality"], candidate["cost_per_1000"]
        interval = f"{quality['value']:.3f} ({quality['low']:.3f} to {quality['high']:.3f}, n = {quality['n']})"
        print(f"  {candidate['name']:14} {interval}  ${cost:.4f} per 1,000")
    print(*choice["reasons"], sep="\n")


if __name__ == "__main__":
    main()
