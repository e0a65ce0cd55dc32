"""Which language is this text in? By script first, then by function words: small, and sure enough for filters.

A language is named only when its function words make up a share of the text that chance does not give; short texts
often have none, and then the answer is None, never a guess.
"""

from __future__ import annotations

import re
from collections import Counter

_WORDS = {
    "en": "the of and to in is that for it was on are with as be this by not or from have which has an were been their",
    "de": "der die und das ist nicht ein eine zu den von mit sich des dem auf für auch als wird im es werden bei oder",
    "fr": "le la les et des est une dans que pour qui sur pas du au par avec il sont ce cette aux ne ou plus été leur",
    "es": "el la los las que y en una por con para del se no es su como más al lo pero sus fue este ha entre sobre",
    "it": "il di che la e un una per non sono con del della si da le dei nel alla come anche più gli è questo nella",
    "pt": "o que e do da em um para com não uma os no se na por mais as dos como mas ao das foi pelo sua são também",
    "nl": "de het een en van is dat niet op te zijn voor met die aan er ook als bij naar door wordt om maar uit werd",
    "sv": "och att det som en på är av för med den till inte har de ett om var men sig så från vi kan när eller",
    "da": "og at det er en til på som for med den af ikke de har et der om var fra men blev også kan ved sig",
    "no": "og det er en til på som for med av ikke har de et at den om var fra men ble også kan ved seg være",
    "fi": "ja on ei se että oli hän mutta ovat kun joka niin myös tai sen ole kuin jos mitä tämä hänen jotka mukaan",
    "pl": "i w na nie z do to się że jest o jak od po za przez dla był ale tym są jego który lub oraz tylko",
    "cs": "a se na je v že to s z do o jako za by po pro ale jeho jsou byl od které nebo tak jen jsem až",
    "ro": "și de la în cu pe nu o un este din care să pentru mai ca au fost prin sau dar sunt ce lui într",
    "hu": "a az és hogy nem is egy van ez meg de azt csak vagy volt mint már még ha el olyan minden között",
    "tr": "ve bir bu da de için ile çok olarak daha olan gibi ne kadar var sonra ama en o her mi değil ya",
}  # fmt: skip
_LANGUAGES: dict[str, list[str]] = {}
for _code, _words in _WORDS.items():
    for _one in dict.fromkeys(_words.split()):
        _LANGUAGES.setdefault(_one, []).append(_code)
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]"), 0.05),  # kana: a few are enough, the rest looks Chinese
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]"), 0.3),
    ("zh", re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"), 0.3),
    ("el", re.compile("[\u0370-\u03ff]"), 0.4),
    ("he", re.compile("[\u0590-\u05ff]"), 0.4),
    ("ar", re.compile("[\u0600-\u06ff]"), 0.4),
    ("hi", re.compile("[\u0900-\u097f]"), 0.4),
    ("th", re.compile("[\u0e00-\u0e7f]"), 0.4),
)
SCRIPTS = frozenset(("ja", "ko", "zh", "el", "he", "ar", "hi", "th", "ru", "uk"))
"""Languages that are told by their script, of however short a text."""
_NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "pl": "Polish", "cs": "Czech",
    "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish", "ja": "Japanese", "ko": "Korean", "zh": "Chinese",
    "el": "Greek", "he": "Hebrew", "ar": "Arabic", "hi": "Hindi", "th": "Thai", "ru": "Russian", "uk": "Ukrainian",
}  # fmt: skip
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_WORD = re.compile(r"[^\W\d_]+")
LOOK_AT = 8_000
_LEAST_WORDS = 3
_LEAST_SHARE = 0.12
_AHEAD = 1.2


def language_of(text: str) -> str | None:
    """The language's ISO 639-1 code, or None when the text is too short or mixed to tell.

    >>> language_of("The cat is on the roof of the house"), language_of("42")
    ('en', None)
    """
    sample = text[:LOOK_AT]
    letters = sum(map(str.isalpha, sample))
    if not letters:
        return None
    if sample.isascii():
        return _by_words(_WORD.findall(sample.lower()))
    for code, script, share in _SCRIPTS:
        if len(script.findall(sample)) >= share * letters:
            return code
    if len(_CYRILLIC.findall(sample)) >= 0.4 * letters:
        return "uk" if len(_UKRAINIAN.findall(sample)) >= 0.01 * letters else "ru"
    return _by_words(_WORD.findall(sample.lower()))


def named(code: str) -> str:
    """The name of a language, or its code where the name is not known.

    >>> named("zh"), named("xx")
    ('Chinese', 'xx')
    """
    return _NAMES.get(code, code)


def _by_words(words: list[str]) -> str | None:
    shares = dict.fromkeys(_WORDS, 0)
    for word, count in Counter(words).items():
        for code in _LANGUAGES.get(word, ()):
            shares[code] += count
    (best, hits), (_, second) = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:2]
    if hits < _LEAST_WORDS or hits < _LEAST_SHARE * len(words) or hits < _AHEAD * second:
        return None
    return best
