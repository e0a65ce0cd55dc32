"""How many test examples slow rungs answer: enough to compare the contenders, as far as tune tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from strati.data import Splits
from strati.measure.journal import Journal
from strati.measure.race.trials import right
from strati.measure.records import Status
from strati.statistics import labels_needed, tango_interval
from strati.statistics.metric import Metric
from strati.task.task import Goal

FEWEST = 100
POWER_Z = 0.8416  # of 80 %: the lead is taken to be as small as it is in one of five cases


def right_on_tune(
    journal: Journal, splits: Splits, parts: Sequence[str], metric: Metric
) -> dict[str, dict[str, float]]:
    """Right (1) or wrong (0), by `metric`, by tune example for each candidate that stays, from the named parts."""
    rows = [example for unit in splits.units for example in unit.tune]
    found = {}
    for name, record in journal.candidates().items():
        if record.status in (Status.PARTIAL, Status.MEASURED):
            answers = {key: answer for part in parts for key, answer in journal.answers(name, part).items()}
            found[name] = right(answers, rows, metric)
    return found


def sample_size(scores: Mapping[str, Mapping[str, float]], slow: Sequence[str], goal: Goal) -> int:
    """Test examples needed to compare every slow rung with the leader at 80 % power, at least 100.

    Args:
        scores: for each rung that stays, 1 or 0 by tune example it answered.
        slow: the names of those that are slow.
        goal: its margin and alpha.

    Planned for is the difference of two rungs on tune less its sampling error, 0 at least, and the share of examples on
    which one of them alone is right (Connor, Biometrics 43, 1987). Only the effort rests on it: should tune mislead,
    the verdict is "undecided" more often and wrong no more often.
    """
    means = {name: sum(rows.values()) / len(rows) for name, rows in scores.items() if rows}
    if not means or not slow:
        return FEWEST
    leader = max(means, key=lambda name: means[name])
    fast = [name for name in means if name not in slow]
    others = [name for name in slow if name in means and name != leader]
    if leader in slow and fast:
        others.append(max(fast, key=lambda name: means[name]))
    needs = [_pair(scores[leader], scores[other], goal, trails=other in fast) for other in others]
    return max([FEWEST, *needs])


def behind_fast(journal: Journal, splits: Splits, name: str, alpha: float, metric: Metric) -> bool:
    """Whether a slow rung's test answers show it to be worse than some fast rung's, by however little."""
    rows = [example for unit in splits.units for example in unit.test]
    own = right(journal.answers(name, "test"), rows, metric)
    for other, record in journal.candidates().items():
        if record.slow or record.status is not Status.MEASURED:
            continue
        theirs = right(journal.answers(other, "test"), rows, metric)
        gaps = [value - theirs[key] for key, value in own.items() if key in theirs]
        ahead, behind = gaps.count(1.0), gaps.count(-1.0)
        if tango_interval(ahead, behind, len(gaps), 1 - 2 * alpha).high < 0:
            return True
    return False


def likely_size(goal: Goal, most: int) -> int:
    """The sample to plan for before tune has told anything: level rungs at 10 % discordance, of `most` there are."""
    return min(most, max(FEWEST, labels_needed(0.10, goal.margin, alpha=goal.alpha) or FEWEST))


def _pair(leader: Mapping[str, float], other: Mapping[str, float], goal: Goal, *, trails: bool) -> int:
    """Examples to show that the leader is not worse than the other or, with `trails`, that the other falls short."""
    gaps = [value - other[key] for key, value in leader.items() if key in other]
    n = len(gaps)
    if n == 0:
        return FEWEST
    lead = sum(gaps) / n
    discordance = (sum(gap != 0 for gap in gaps) + 1) / (n + 2)
    error = math.sqrt(max(discordance - lead * lead, 0.0) / n)
    sure = max(0.0, lead - POWER_Z * error)
    margin = -goal.margin if trails and sure > goal.margin else goal.margin
    return labels_needed(discordance, margin, sure, goal.alpha) or FEWEST
