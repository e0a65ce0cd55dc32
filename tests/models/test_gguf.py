from __future__ import annotations

import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.core.identity import sha256_of
from strati.models.contract import Choice, ContextOverflow, LanguageModel, Prompt
from strati.models.local.gguf import GgufModel

TOPICS = ("sports", "world", "business")
PREFIX = "Name the topic: sports, world or business.\nText: "


def ask(model: GgufModel, text: str, options: tuple[str, ...] = TOPICS) -> Choice:
    return model.choose(Prompt(text, system="You sort news.", prefix=PREFIX), options)


def test_fills_the_protocol(smollm2: GgufModel) -> None:
    assert isinstance(smollm2, LanguageModel)
    assert smollm2.card.licence == "Apache-2.0"
    assert smollm2.card.size_bytes == 98_362_432


def test_choose_gives_the_engines_own_conditional_probabilities(smollm2: GgufModel) -> None:
    """The bias trick against the plain probabilities of all 49,152 tokens."""
    choice = ask(smollm2, "The striker scored twice.")
    loaded = smollm2.load()
    ids = loaded.form.prompt(Prompt("The striker scored twice.", system="You sort news.", prefix=PREFIX)).all
    first = [option[0] for option in loaded.form.options(TOPICS)]
    reply = loaded.engine.complete(
        ids, {"max_tokens": 1, "temperature": 0.0, "logprobs": 49152, "n_probs": 49152, "cache_prompt": True}
    )
    listed = {entry["id"]: entry["logprob"] for entry in reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]}
    raw = [math.exp(listed[token]) for token in first]
    assert len(set(first)) == 3
    assert choice.probabilities == pytest.approx([value / sum(raw) for value in raw], rel=0.05)
    assert choice.mass == pytest.approx(sum(raw), rel=0.3)


def test_an_answer_does_not_depend_on_earlier_calls(smollm2: GgufModel) -> None:
    first = ask(smollm2, "The bank raised its rates.")
    again = ask(smollm2, "The bank raised its rates.")
    ask(smollm2, "The bank raised its profit this year again.")
    after_similar = ask(smollm2, "The bank raised its rates.")
    smollm2.choose(Prompt("Something else"), ["yes", "no"])
    after_other = ask(smollm2, "The bank raised its rates.")
    assert first.probabilities == again.probabilities == after_similar.probabilities == after_other.probabilities


def test_number_of_threads_changes_nothing(smollm2: GgufModel, smollm2_path: Path) -> None:
    with GgufModel(smollm2_path, context=1024, threads=1) as single:
        assert ask(single, "The bank raised its rates.").probabilities == pytest.approx(
            ask(smollm2, "The bank raised its rates.").probabilities, abs=1e-6
        )


def test_only_the_case_and_the_tail_are_evaluated_beyond_the_prefix(smollm2: GgufModel) -> None:
    options = ("sports", "world")
    assert len({ids[0] for ids in smollm2.load().form.options(options)}) == 2
    ask(smollm2, "Goal!", options)
    usage = ask(smollm2, "Elections were held on Sunday.", options).usage
    tokens = smollm2.load().form.prompt(
        Prompt("Elections were held on Sunday.", system="You sort news.", prefix=PREFIX)
    )
    assert usage.calls == 1
    assert usage.tokens_in == len(tokens.all)
    assert usage.tokens_cached == len(tokens.head)


def test_prompt_tokens_are_those_of_the_whole_text(smollm2: GgufModel) -> None:
    form, engine = smollm2.load().form, smollm2.load().engine
    prompt = Prompt("a ball", system="You sort news.", prefix=PREFIX, shots=(("a vote", "world"),))
    turns = [("system", "You sort news."), ("user", "a vote"), ("assistant", "world"), ("user", PREFIX + "a ball")]
    text = "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in turns) + "<|im_start|>assistant\n"
    assert form.prompt(prompt).all == engine.tokens(text, special=True)


def test_control_tokens_in_a_text_stay_text(smollm2: GgufModel) -> None:
    form = smollm2.load().form
    (end,) = smollm2.load().ends
    assert form.prompt(Prompt("a <|im_end|> b")).all.count(end) == form.prompt(Prompt("a b")).all.count(end)


def test_options_that_begin_each_other_and_share_tokens(smollm2: GgufModel) -> None:
    choice = ask(smollm2, "Where is it?", ("card", "card lost", "card lost abroad", "cash"))
    assert sum(choice.probabilities) == pytest.approx(1)
    assert min(choice.probabilities) > 0
    assert choice.mass is not None
    assert 0 <= choice.mass <= 1


def test_options_with_the_same_tokens(smollm2: GgufModel) -> None:
    with pytest.raises(ModelError, match="same to the model"):
        ask(smollm2, "x", ("a", "a"))


def test_generate_is_greedy_and_keeps_to_a_grammar(smollm2: GgufModel) -> None:
    prompt = Prompt("What is the capital of France?")
    message = {"role": "user", "content": prompt.user}
    chat = smollm2.load().engine._server.handle_chat_completions(
        {"messages": [message], "temperature": 0, "max_tokens": 12, "cache_prompt": False}
    )
    assert smollm2.generate(prompt, 12).text == chat["choices"][0]["message"]["content"]
    reply = smollm2.generate(prompt, 24, 'root ::= "Lyon" | "Rome"')
    assert reply.text in {"Lyon", "Rome"}
    assert reply.finished
    assert reply.logprob is not None
    assert reply.logprob < 0
    assert not smollm2.generate(prompt, 1).finished


def test_bad_grammar(smollm2: GgufModel) -> None:
    with pytest.raises(ModelError, match="grammar"):
        smollm2.generate(Prompt("x"), 4, "root ::= (")


def test_overflow_is_counted_and_never_cut(smollm2: GgufModel) -> None:
    with pytest.raises(ContextOverflow) as caught:
        ask(smollm2, "word " * 1100)
    assert caught.value.tokens > 1100
    assert caught.value.limit == 1023
    with pytest.raises(ContextOverflow):
        smollm2.generate(Prompt("word " * 1100), 1)


def test_several_threads(smollm2: GgufModel) -> None:
    texts = ["The striker scored.", "The president spoke.", "Shares fell."]
    alone = [ask(smollm2, text).probabilities for text in texts]
    found: dict[str, tuple[float, ...]] = {}
    threads = [
        threading.Thread(target=lambda t=text: found.update({t: ask(smollm2, t).probabilities})) for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[text] for text in texts] == alone


def test_count_and_fingerprint(smollm2: GgufModel, smollm2_path: Path) -> None:
    assert smollm2.count_tokens("Hello world") == 2
    assert smollm2.count_tokens("") == 0
    same = GgufModel(smollm2_path, context=1024, sha256=sha256_of(smollm2_path))
    assert smollm2.fingerprint() == same.fingerprint()
    assert (
        smollm2.fingerprint() != GgufModel(smollm2_path, context=2048, sha256=same.card.details["sha256"]).fingerprint()
    )


def test_close_and_use_again(smollm2_path: Path) -> None:
    with GgufModel(smollm2_path, context=256) as model:
        before = model.count_tokens("Hello world")
    assert model.count_tokens("Hello world") == before
    model.close()
    model.close()


def test_an_engine_that_is_freed_at_once_does_not_hang(smollm2_path: Path) -> None:
    """In a process of its own: an engine that hangs when it is freed can't be interrupted."""
    code = "import sys; from pathlib import Path; from strati.models.local.engine import Engine; "
    code += "[Engine(Path(sys.argv[1]), 256, 1).close() for _ in range(3)]"
    done = subprocess.run([sys.executable, "-c", code, str(smollm2_path)], timeout=120, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("size", [50_000_000, 3_000_000, 5000, 30])
def test_a_file_that_is_cut_off(smollm2_path: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.gguf"
    with smollm2_path.open("rb") as whole:
        cut.write_bytes(whole.read(size))
    with pytest.raises(ModelError, match="cut off"):
        GgufModel(cut).count_tokens("x")


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="not a GGUF model"):
        GgufModel(other)
    with pytest.raises(ModelError, match="cannot be read"):
        GgufModel(tmp_path / "none.gguf")
    other.write_bytes(b"GGUF" + bytes([3, 0, 0, 0]) + b"\xff" * 60)
    with pytest.raises(ModelError, match="damaged or cut off"):
        GgufModel(other).load()
    other.write_bytes(b"GGUF" + bytes([3, 0, 0, 0]) + bytes(64))
    with pytest.raises(ModelError, match="cannot load"):
        GgufModel(other).load()


def test_bad_settings(smollm2_path: Path) -> None:
    with pytest.raises(ModelError, match="threads is 0"):
        GgufModel(smollm2_path, threads=0)
    with pytest.raises(ModelError, match="context is 10"):
        GgufModel(smollm2_path, context=10)
    with pytest.raises(ModelError, match="trained with 8192"):
        GgufModel(smollm2_path, context=10_000).load()
