"""Records of candidates: whole through the journal, and read from what earlier versions wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.measure.records import CandidateRecord, FormRow, RaceRecord, RetiredFor, Retirement, Status

numbers = st.floats(allow_nan=False, allow_infinity=False)
forms = st.builds(FormRow, st.dictionaries(st.text(), st.booleans() | numbers), st.none() | numbers, st.integers())
races = st.builds(RaceRecord, st.integers(), numbers, against=st.none() | st.text(), called_back=st.booleans())
endings = st.builds(
    Retirement, st.sampled_from(RetiredFor), st.integers(), numbers, licences=st.lists(st.text()).map(tuple)
)
records = st.builds(
    CandidateRecord,
    status=st.sampled_from(Status),
    reason=st.none() | st.text(min_size=1),
    latency=st.lists(numbers).map(tuple),
    forms=st.lists(forms, max_size=3).map(tuple),
    race=st.none() | races,
    retirement=st.none() | endings,
    notes=st.dictionaries(st.text(), st.text()),
)


@pytest.mark.property
@given(records)
def test_a_record_survives_the_journal(record: CandidateRecord) -> None:
    assert CandidateRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_what_an_earlier_version_wrote_is_read() -> None:
    old = {
        "candidate": "abc",
        "status": "retired",
        "reason": "worse",
        "licences": ["MIT"],
        "forms": [{"settings": {"C": 1}, "tune": 0.5, "n": 8, "chosen": True, "seconds": 0.1}],
        "race": {"rows": 24, "against": "fast", "needless": False},
        "notes": ["far: 3 of its replies came without a count of tokens"],
        "a key of long ago": 1,
        "race_before": None,
    }
    found = CandidateRecord.from_json(old)
    assert (found.status, found.licences, found.tuned) == (Status.RETIRED, ("MIT",), 0.5)
    assert found.race == RaceRecord(24, against="fast")
    assert list(found.notes.values()) == old["notes"]
    assert not found.complete
    assert not found.short_of_money


def test_only_a_candidate_that_is_stopped_short_waits_for_money() -> None:
    assert CandidateRecord(reason="the limit is reached").short_of_money
    assert not CandidateRecord().short_of_money
    assert not CandidateRecord(status=Status.FAILED, reason="it raised").short_of_money
