"""Characters of the font Symbol, which office programs write by their place in it."""

from __future__ import annotations

_CAPITALS = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
_SMALL = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_SIGNS = {0xA3: "≤", 0xA5: "∞", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠"}
_SIGNS |= {0xBB: "≈", 0xBC: "…", 0xC5: "⊕", 0xC7: "∩", 0xC8: "∪", 0xCE: "∈", 0xD0: "∠", 0xD1: "∇", 0xD5: "∏", 0xD6: "√"}
_SIGNS |= {0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫", 0x22: "∀", 0x24: "∃"}
_FIRST = 0xF000  # of the private characters that stand for the places of a symbol font


def symbol(font: str, code: str) -> str:
    """The character with a hexadecimal code; "" for pictures of fonts that have no characters.

    >>> symbol("Symbol", "F061"), symbol("Arial", "20AC"), symbol("Wingdings", "F0E0")
    ('α', '€', '')
    """
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if not _FIRST <= number < _FIRST + 256:
        return chr(number) if 32 <= number < 0xD800 else ""
    return of_symbol_font(number - _FIRST) if font.lower().startswith("symbol") else ""


def of_symbol_font(place: int) -> str:
    """The character at a place of the font Symbol; ASCII signs are at their own."""
    if 0x41 <= place <= 0x5A:
        return _CAPITALS[place - 0x41]
    if 0x61 <= place <= 0x7A:
        return _SMALL[place - 0x61]
    return _SIGNS.get(place, chr(place) if 32 <= place < 127 else "")
