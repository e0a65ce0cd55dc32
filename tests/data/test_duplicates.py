from hypothesis import given, settings
from hypothesis import strategies as st

from strati.data.duplicates import near, same


def grams(text: str) -> set[str]:
    return {text[place : place + 5] for place in range(len(text) - 4)}


def test_equal_keys_stand_together() -> None:
    assert same(["a", "b", "a", "c", "b", "a"]) == [[0, 2, 5], [1, 4]]


def test_near_duplicates_are_found_with_their_similarity() -> None:
    texts = ["where is the card that i ordered", "nothing to see here", "where is the card that i ordered?", "abc"]
    (pair,) = near(texts)
    assert (pair.a, pair.b) == (0, 2)
    assert pair.similarity == 28 / 29


def test_short_and_few_texts_have_none() -> None:
    assert near([]) == []
    assert near(["abc", "abd"]) == []
    assert near(["only one text"]) == []


@settings(deadline=None)
@given(st.lists(st.text("abcdefgh ", min_size=5, max_size=40), min_size=2, max_size=12, unique=True))
def test_each_pair_has_its_exact_similarity(texts: list[str]) -> None:
    for pair in near(texts, threshold=0.5):
        a, b = grams(texts[pair.a]), grams(texts[pair.b])
        assert pair.a < pair.b
        assert pair.similarity == len(a & b) / len(a | b) >= 0.5


def test_nearly_all_pairs_are_found_among_many_texts() -> None:
    texts = [f"{number * 7919:06d} this row speaks of subject {number * 104729:08d} at length" for number in range(500)]
    changed = [text + " and ends" for text in texts]
    found = {(pair.a, pair.b) for pair in near(texts + changed)}
    assert sum((place, place + 500) in found for place in range(500)) >= 495


def test_a_bucket_of_thousands_stays_small() -> None:
    texts = [
        f"your order with the number {number} was sent today, thank you for buying with us" for number in range(3000)
    ]
    assert len(near(texts, threshold=0.8)) < 16 * len(texts)
