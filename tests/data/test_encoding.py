from pathlib import Path

import pytest

from strati.core.content import content_of
from strati.core.encoding import encoding_of, open_text
from strati.core.errors import DataError

SENTENCES = {
    "cp1252": "Où est ma carte ? J’attends déjà depuis une semaine… c’est très gênant",
    "cp1250": "Gdzie jest moja przesyłka? Czekam już cały tydzień na jej doręczenie",
    "cp1251": "Здравствуйте, где моя карта? Я жду уже неделю",
    "cp1253": "Πού είναι η κάρτα μου; Περιμένω εδώ και μια εβδομάδα",
    "koi8_r": "Здравствуйте, где моя карта? Я жду уже неделю",
    "cp932": "私のカードはどこですか",
    "euc_jp": "私のカードはどこですか",
    "gb18030": "我的卡在哪里？我已经等了一个星期了",
    "big5": "我的卡在哪裡？我已經等了一個星期了",
    "cp949": "내 카드는 어디에 있나요? 일주일 동안 기다렸어요",
}


@pytest.mark.parametrize("encoding", SENTENCES)
def test_common_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(f"{SENTENCES[encoding]} {number};label" for number in range(30))
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = encoding_of(content_of(path))
    assert "guessed" in found.note
    with open_text(content_of(path), found) as file:
        assert file.read() == text


def test_pure_ascii_is_utf8_without_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n")
    assert encoding_of(content_of(path)) == ("utf-8", "strict", "")


def test_a_character_cut_off_at_the_end_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("grün\n".encode() * 20 + "ü".encode()[:1])
    assert encoding_of(content_of(path)).errors == "replace"


def test_noise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(bytes((number * number * 7 + number // 3) % 224 + 32 for number in range(5000)))
    with pytest.raises(DataError, match="could not be recognised"):
        encoding_of(content_of(path))
