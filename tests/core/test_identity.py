from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.identity import fingerprint, sha256_of, sha256_of_array

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1), json_values))
def test_the_order_of_settings_does_not_matter(settings: dict[str, object]) -> None:
    turned = dict(reversed(settings.items()))
    assert fingerprint("k", **settings) == fingerprint("k", **turned)
    assert len(fingerprint("k", **settings)) == 32


def test_kind_name_and_value_matter() -> None:
    prints = {
        fingerprint("a", x=1),
        fingerprint("b", x=1),
        fingerprint("a", y=1),
        fingerprint("a", x=2),
        fingerprint("a", x=1.0),
        fingerprint("a", x="1"),
        fingerprint("a", x=[1]),
        fingerprint("a", x=True),
        fingerprint("a"),
    }
    assert len(prints) == 9


def test_it_is_the_same_in_another_process() -> None:
    code = "from strati.core.identity import fingerprint; print(fingerprint('k', b=[0.1, None], a='\\u00e9'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint("k", a="é", b=[0.1, None])


def test_a_lone_surrogate_is_hashed_and_a_set_is_refused() -> None:
    assert fingerprint("k", text="\ud83d") != fingerprint("k", text="?")
    with pytest.raises(TypeError):
        fingerprint("k", text={1})


def test_files_and_arrays(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"abc")
    assert sha256_of(file) == hashlib.sha256(b"abc").hexdigest()
    array = np.arange(6, dtype=np.float32)
    prints = {
        sha256_of_array(array),
        sha256_of_array(array.reshape(2, 3)),
        sha256_of_array(array.astype(np.float64)),
        sha256_of_array(array + 1),
    }
    assert len(prints) == 4
    assert sha256_of_array(array.reshape(2, 3).T.copy()) == sha256_of_array(array.reshape(2, 3).T)
