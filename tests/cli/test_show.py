from __future__ import annotations

import pytest

from strati.cli.show import Show
from strati.core.records import Usage


def test_the_cost_shown_is_machine_time_and_what_others_were_paid() -> None:
    show = Show(machine_per_hour=3.6, quiet=True)
    show.advance(1, Usage(seconds=10.0))
    assert show._dollars == pytest.approx(0.01)
    show.paid(0.25)  # an earlier process of the same run paid this
    show.advance(1, Usage(seconds=10.0, dollars=0.05))  # its seconds are those of a machine elsewhere
    show.paid(0.30)
    assert show._dollars == pytest.approx(0.31)


def test_plain_lines_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with Show(0.1) as show:
        show.begin("n-grams: test", 1200)
        show.advance(5, Usage(1.0))
        show.paid(0.1)
    assert capsys.readouterr().err.endswith("n-grams: test (1,200)\n")
