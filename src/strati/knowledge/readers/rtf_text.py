"""The tokens of Rich Text Format (specification 1.9.1) and what they do to the text."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import Protocol

from strati.knowledge.readers.formulas import lowered, raised
from strati.knowledge.readers.symbols import of_symbol_font

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
_CHARSETS = {0: "cp1252", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5", 161: "cp1253"}
_CHARSETS |= {162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874"}
_CHARSETS |= {238: "cp1250", 77: "mac_roman"}
_SYMBOL = "symbol"
_SIGNS = {"tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’"}
_SIGNS |= {"ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ", "nestcell": "\t"}
_SIGNS |= {"nestrow": "\n", "softline": "\n"}
_SKIPPED = {"colortbl", "pict", "objdata", "fldinst", "datafield", "listtable", "listoverridetable"}
_SKIPPED |= {"themedata", "datastore", "xmlnstbl", "filetbl", "revtbl", "rsidtbl", "nonshppict", "mmathPict", "sp"}
_SKIPPED |= {"operator", "company", "manager", "category", "keywords", "comment", "doccomm", "hlinkbase", "subject"}
_SKIPPED |= {"creatim", "revtim", "printim", "buptim", "fontemb", "panose", "falt", "objclass", "objname", "bkmkstart"}
_SKIPPED |= {"bkmkend", "atnid", "atndate", "atntime", "atnref", "atrfstart", "atrfend", "annotationdate", "pnseclvl"}
_BESIDE = {"footnote": "footnote", "annotation": "comment", "shptxt": "text box", "title": "title", "author": "author"}
_BESIDE |= {f"{kind}{side}": kind for kind in ("header", "footer") for side in ("", "l", "r", "f")}
# Groups marked as "may be ignored" that hold text all the same.
_STARRED = {"annotation", "shpinst", "moMath", "moMathPara", "shppict", "shptxt"}
DEEP = 5_000  # groups in groups


class Output(Protocol):
    """Who takes what is found."""

    def paragraph(self, text: str, *, level: int, listed: bool, in_table: bool) -> None: ...

    def cell(self, text: str) -> None: ...

    def row(self) -> None: ...

    def beside(self, what: str, text: str) -> None: ...

    def left_out(self, what: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group."""

    target: str = "text"  # where text goes: "text", "skip", "fonts", "styles", or a key of `_beside`
    encoding: str = "cp1252"
    after_unicode: int = 1  # characters that repeat a Unicode escape for old programs
    hidden: bool = False
    deleted: bool = False
    shift: int = 0  # 1 raised, -1 lowered
    owner: int = 0  # the number of the group that began the target


class RtfParser:
    """Goes through the tokens once."""

    def __init__(self, text: str, output: Output) -> None:
        self.text = text
        self.output = output
        self.embedded = False
        self._state = _State()
        self._stack: list[_State] = []
        self._pieces: dict[int, list[str]] = {0: []}  # text by the group that began its target
        self._bytes = bytearray()
        self._starred = False
        self._skip = 0  # characters to pass over after a Unicode escape
        self._high = 0  # the first half of a surrogate pair
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, int] = {}
        self._style, self._style_name = 0, ""
        self._base = "cp1252"
        self._level, self._listed, self._in_table = 0, False, False
        self._groups = 0

    def run(self) -> None:
        at = 0
        while found := _TOKEN.match(self.text, at):
            at = found.end()
            if found["hex"]:
                self._byte(int(found["hex"], 16))
                continue
            if found["word"]:
                self._flush_bytes()
                number = int(found["number"]) if found["number"] else None
                if found["word"] == "bin" and number and number > 0:
                    at += number
                else:
                    self._word(found["word"], number)
            elif found["brace"] or found["sign"]:
                self._flush_bytes()
                self._brace(found["brace"]) if found["brace"] else self._sign(found["sign"])
            elif found["text"]:
                self._plain(found["text"])
        self._flush_bytes()
        if self._has(0):
            self._end_paragraph()

    def _plain(self, text: str) -> None:
        if self._skip:
            passed = min(self._skip, len(text))
            text, self._skip = text[passed:], self._skip - passed
        if not text:
            return
        if text.isascii():
            self._flush_bytes()
            self._put(text)
        else:
            for character in text:
                self._byte(ord(character))

    def _byte(self, value: int) -> None:
        if self._skip:
            self._skip -= 1
            return
        self._bytes.append(value)

    def _flush_bytes(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            if self._state.encoding == _SYMBOL:
                self._put("".join(map(of_symbol_font, data)))
            else:
                self._put(data.decode(self._state.encoding, "replace"))

    def _put(self, text: str) -> None:
        state = self._state
        if state.target == "skip" or not text:
            return
        if state.target in ("fonts", "styles"):
            self._style_name += text
            return
        if state.hidden or state.deleted:
            self.output.left_out("hidden text" if state.hidden else "deleted text", text)
            return
        pieces = self._pieces.setdefault(state.owner, [])
        if state.shift:
            text = (raised if state.shift > 0 else lowered)("".join(pieces[-2:]), text)
        pieces.append(text)

    def _brace(self, brace: str) -> None:
        self._starred = False
        if brace == "{":
            if len(self._stack) < DEEP:
                self._stack.append(self._state)
            return
        if not self._stack:
            return
        ended, self._state = self._state, self._stack.pop()
        self._skip = 0
        if ended.target == "styles" and ended.owner != self._state.owner:
            self._name_style()
        if ended.owner != self._state.owner and ended.target not in ("skip", "text", "fonts", "styles"):
            self.output.beside(ended.target, "".join(self._pieces.pop(ended.owner, [])))

    def _name_style(self) -> None:
        found = re.match(r"heading (\d)", self._style_name.strip().rstrip(";").lower())
        if found:
            self._styles[self._style] = int(found[1])
        self._style, self._style_name = 0, ""

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
        elif sign in "\r\n":
            self._end_paragraph()
        elif self._skip:
            self._skip -= 1
        else:
            self._put({"~": "\xa0", "-": "", "_": "-"}.get(sign, sign if sign in "\\{}" else ""))

    def _word(self, word: str, number: int | None) -> None:
        starred, self._starred = self._starred, False
        if starred and word not in _STARRED and word not in _BESIDE:
            self.embedded |= word == "objdata"
            self._state = replace(self._state, target="skip")
        elif self._state.target == "skip" and word != "shptxt":
            self._skip = self._state.after_unicode if word == "u" else 0
        elif word in _SIGNS:
            self._put(_SIGNS[word])
        elif word == "u" and number is not None:
            self._unicode(number % 65_536)
        elif word in _SKIPPED:
            self._state = replace(self._state, target="skip")
        elif word in _BESIDE:
            self._state = replace(self._state, target=_BESIDE[word], owner=self._group())
        elif word == "shpinst":
            self._state = replace(self._state, target="skip")
        elif self._state.target in ("fonts", "styles") or word in ("fonttbl", "stylesheet"):
            self._table_word(word, number)
        elif not self._paragraph_word(word, number):
            self._character_word(word, number)

    def _group(self) -> int:
        self._groups += 1
        return self._groups

    def _unicode(self, unit: int) -> None:
        self._skip = self._state.after_unicode
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
            return
        if 0xDC00 <= unit < 0xE000:
            code = 0x10000 + ((self._high - 0xD800) << 10) + unit - 0xDC00 if self._high else 0xFFFD
            self._high = 0
        else:
            code = unit
        self._put(of_symbol_font(code - 0xF000) if 0xF020 <= code < 0xF100 else chr(code))

    def _table_word(self, word: str, number: int | None) -> None:
        """Inside the table of fonts or of styles."""
        if word in ("fonttbl", "stylesheet"):
            self._state = replace(self._state, target="fonts" if word == "fonttbl" else "styles", owner=self._group())
        elif word == "f" and number is not None:
            self._font = number
        elif word == "fcharset" and number is not None:
            self._fonts[self._font] = _SYMBOL if number == 2 else _CHARSETS.get(number, "")
        elif word == "s" and number is not None:
            self._style, self._style_name = number, ""
            self._state = replace(self._state, owner=self._group())

    def _paragraph_word(self, word: str, number: int | None) -> bool:
        if word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word == "cell" and self._state.target == "text":
            self.output.cell("".join(self._pieces.pop(0, [])))
        elif word == "row" and self._state.target == "text":
            self.output.row()
        elif word == "pard":
            self._level, self._listed, self._in_table = 0, False, False
        elif word == "intbl":
            self._in_table = True
        elif word in ("listtext", "pntext", "ls"):
            self._listed = True
        elif word == "outlinelevel" and number is not None:
            self._level = number + 1 if number < 6 else 0
        elif word == "s" and number is not None:
            self._level = self._styles.get(number, 0)
        else:
            return False
        return True

    def _character_word(self, word: str, number: int | None) -> None:
        on = number != 0
        changes: dict[str, dict[str, object]] = {
            "uc": {"after_unicode": max(number or 0, 0)},
            "v": {"hidden": on},
            "deleted": {"deleted": on},
            "super": {"shift": int(on)},
            "sub": {"shift": -int(on)},
            "nosupersub": {"shift": 0},
            "plain": {"shift": 0, "hidden": False, "deleted": False, "encoding": self._base},
        }
        if word in changes:
            self._state = replace(self._state, **changes[word])  # type: ignore[arg-type]
        elif word == "f" and number is not None:
            self._state = replace(self._state, encoding=self._fonts.get(number) or self._base)
        elif word in ("ansicpg", "mac", "pc", "pca"):
            name = f"cp{number}" if word == "ansicpg" else {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
            self._base = "gb18030" if name == "cp936" else "utf-8" if name == "cp65001" else _known(name)
            self._state = replace(self._state, encoding=self._base)

    def _has(self, owner: int) -> bool:
        return any(piece.strip() for piece in self._pieces.get(owner, ()))

    def _end_paragraph(self) -> None:
        if self._state.target == "skip":
            return
        if self._state.owner:
            self._pieces.setdefault(self._state.owner, []).append("\n")
            return
        text = "".join(self._pieces.pop(0, []))
        self.output.paragraph(text, level=self._level, listed=self._listed, in_table=self._in_table)


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
