"""The labels of benchmarks/check_misses.py: each names a sentence once, and none of them holds a text of the data."""

from __future__ import annotations

import json
import re
from pathlib import Path

FILE = Path(__file__).parent.parent / "benchmarks" / "check_misses.jsonl"
KEYS = {"set", "question", "model", "sentence", "document", "start", "end", "sha256", "label"}


def test_the_labels_name_each_sentence_once_and_hold_no_text() -> None:
    lines = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    names = [(one["set"], one["question"], one["model"], one["sentence"]) for one in lines]
    assert len(set(names)) == len(names) >= 100
    for one in lines:
        assert set(one) == KEYS
        assert one["label"] in ("supported", "partly", "not", "no claim")
        assert re.fullmatch("[0-9a-f]{16}", one["sha256"])
        assert not [value for value in one.values() if isinstance(value, str) and len(value) > 24]
