from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.models.hosted.token_walk import Token, Walked, read_tokens, walk
from strati.models.hosted.written_reply import Options

from .fault_model import pieces, token_logprobs

SHARES = {"lost card": 0.5, "lost phone": 0.2, "refund": 0.1, "card": 0.15, "card payment": 0.05}


def walked(reply: str, shares: dict[str, float], lead: str = "", top: int = 20) -> Walked:
    options = Options(list(shares))
    text = lead + reply
    tokens = [Token(part, {part: 1.0}) for part in pieces(lead)]
    tokens += read_tokens(token_logprobs(pieces(reply), shares, top))
    found = options.find(text)
    assert found is not None
    result = walk(tokens, text, found, options)
    assert result is not None
    return result


@pytest.mark.parametrize("lead", ["", "Label: "])
def test_options_that_part_along_the_reply_get_their_own_probability(lead: str) -> None:
    """ "lost" parts from the rest at the first token, "card" from "phone" at the second: .5 and .2 are exact."""
    result = walked("lost card", SHARES, lead)
    assert result.probabilities[:3] == pytest.approx((0.5, 0.2, 0.1), abs=1e-6)
    assert result.probabilities[3:] == pytest.approx((0.1, 0.1), abs=1e-6)  # beyond a branch not taken: equal shares
    assert result.mass == pytest.approx(1.0)


def test_an_option_that_begins_another_one_gets_no_more_than_is_known() -> None:
    """The server does not tell how likely the end after "card" was: at least as likely as " payment"."""
    result = walked("card", {"card": 0.6, "card payment": 0.1, "refund": 0.3})
    assert result.probabilities == pytest.approx((0.35, 0.35, 0.3), abs=1e-6)
    assert max(result.probabilities) == result.probabilities[0]


def test_the_end_counts_where_the_server_tells_it() -> None:
    options = Options(["card", "card payment"])
    tokens = [Token("card", {"card": 1.0}), Token("<|im_end|>", {"<|im_end|>": 0.8, " payment": 0.2})]
    found = options.find("card")
    assert found is not None
    result = walk(tokens, "card", found, options)
    assert result is not None
    assert result.probabilities == pytest.approx((0.8, 0.2), abs=1e-6)


def test_options_that_the_list_leaves_out_share_what_is_left_over() -> None:
    """Two alternatives are listed, .8 and .1; the options not listed get at most .1 together."""
    shares = {"sport": 0.8, "world": 0.1, "trade": 0.06, "art": 0.04}
    assert walked("sport", shares, top=2).probabilities == pytest.approx((0.8, 0.1, 0.05, 0.05), abs=1e-6)


def test_confidence_is_never_one_by_rounding() -> None:
    options = Options(["yes", "no"])
    found = options.find("yes")
    assert found is not None
    result = walk([Token("yes", {"yes": 1.0})], "yes", found, options)
    assert result is not None
    assert 0 < result.probabilities[1] < 1e-5


def test_spellings_of_one_option_add_up() -> None:
    options = Options(["yes", "no"])
    tokens = [Token("Yes", {"Yes": 0.5, "yes": 0.3, " YES": 0.1, "No": 0.06, '"': 0.04})]
    found = options.find("Yes")
    assert found is not None
    result = walk(tokens, "Yes", found, options)
    assert result is not None
    assert result.probabilities == pytest.approx((0.9 / 0.96, 0.06 / 0.96))
    assert result.mass == pytest.approx(0.96)


def test_tokens_that_are_not_the_reply() -> None:
    options = Options(["yes", "no"])
    found = options.find("yes")
    assert found is not None
    assert walk([Token("hm", {"hm": 1.0})], "yes", found, options) is None
    assert walk([], "yes", found, options) is None


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        [{}],
        [{"token": "a"}],
        [{"token": 1, "logprob": 0}],
        [{"token": "a", "logprob": "x"}],
        7,
        [{"token": "a", "logprob": math.nan}],
    ],
)
def test_log_probabilities_of_another_shape_count_as_none(content: object) -> None:
    assert read_tokens(content) == []


def test_tokens_that_are_parts_of_a_character_are_joined() -> None:
    """Two tokens of one byte each make one letter, likely with .9 x .8; half a letter is no alternative."""
    half = {"token": "\\xc3", "bytes": [0xC3], "logprob": math.log(0.9)}
    rest = {"token": "\\xa9", "bytes": [0xA9], "logprob": math.log(0.8)}
    end = {"token": "t", "bytes": None, "logprob": 0.0, "top_logprobs": [{**half, "logprob": -3.0}]}
    first, second = read_tokens([half, rest, end])
    assert (first.text, first.shares) == ("é", {"é": pytest.approx(0.72)})
    assert (second.text, second.shares) == ("t", {"t": 1.0})


@given(
    st.dictionaries(st.sampled_from(["a", "a b", "a b c", "b", "b a", "c d", "d"]), st.floats(0.01, 1.0), min_size=2),
    st.integers(1, 20),
    st.data(),
)
def test_any_reply_gives_probabilities(weights: dict[str, float], top: int, data: st.DataObject) -> None:
    total = math.fsum(weights.values())
    shares = {option: weight / total for option, weight in weights.items()}
    reply = data.draw(st.sampled_from(list(shares)))
    result = walked(reply, shares, top=top)
    assert math.fsum(result.probabilities) == pytest.approx(1.0)
    assert all(0 <= share < 1 for share in result.probabilities)
    assert 0 < result.mass <= 1
