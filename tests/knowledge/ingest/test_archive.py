from __future__ import annotations

import io
import zipfile

import pytest

from strati.knowledge.document import Attachment
from strati.knowledge.ingest.archive import is_archive, members
from strati.knowledge.reader import Limits, Reason, Refused


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as member:  # writestr cannot write a member without a name
                member.write(data)
    return made.getvalue()


def reasons(data: bytes, limits: Limits = Limits()) -> dict[str, str]:  # noqa: B008
    found = members(data, limits)
    return {one.name: "" for one in found if isinstance(one, Attachment)} | {
        one[0]: one[1].reason.name for one in members(data, limits) if isinstance(one, tuple)
    }


def test_an_office_file_is_no_archive() -> None:
    assert is_archive(zipped({"a.txt": b"x"}))
    assert not is_archive(zipped({"[Content_Types].xml": b"x", "word/document.xml": b"x"}))
    assert not is_archive(b"PK\x03\x04 broken")
    assert not is_archive(b"text")


def test_paths_that_lead_out_are_refused_and_the_rest_is_read() -> None:
    data = zipped({"../up.txt": b"x", "/etc/passwd": b"x", "C:\\x.txt": b"x", "in/ok.txt": b"fine", "__MACOSX/a": b"x"})
    found = reasons(data)
    assert found == {"in/ok.txt": "", "../up.txt": "UNSAFE", "/etc/passwd": "UNSAFE", "C:\\x.txt": "UNSAFE"}


def test_a_member_without_a_name_is_a_member() -> None:
    data = zipped({"": b"nobody called me", "a.txt": b"x", "folder/": b""})
    assert is_archive(data)
    assert reasons(data) == {"": "", "a.txt": ""}


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped({"zeros": bytes(5_000_000)})
    assert len(bomb) < 10_000
    with pytest.raises(Refused) as caught:
        list(members(bomb, Limits(expanded=1_000_000)))
    assert caught.value.reason is Reason.TOO_LARGE
    assert reasons(zipped({"big": bytes(2_000_000), "ok": b"x"}), Limits(size=1_000_000)) == {
        "big": "TOO_LARGE",
        "ok": "",
    }


def test_too_many_files() -> None:
    with pytest.raises(Refused, match="holds 5 files"):
        list(members(zipped({f"{n}": b"x" for n in range(5)}), Limits(members=4)))


def test_a_damaged_member_costs_itself_only() -> None:
    data = bytearray(zipped({"a.txt": b"hello there, this is a text", "b.txt": b"fine"}))
    at = data.index(b"a.txt") + len("a.txt")
    data[at : at + 8] = bytes(8)
    assert reasons(bytes(data)) == {"a.txt": "MALFORMED", "b.txt": ""}
