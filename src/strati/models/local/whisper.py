"""Speech to text by a Whisper model in CTranslate2's format (package faster-whisper), on the processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from strati.core.errors import ModelError
from strati.models.local.speech import SpeechModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples a second that the model hears."""
WINDOW = 30
"""Seconds of sound that the model takes at a time."""


class Segment(NamedTuple):
    """What was heard from `start` to `end`, in seconds."""

    start: float
    end: float
    text: str


class WhisperModel:
    """A speech model; it loads at its first use."""

    def __init__(self, model: SpeechModel) -> None:
        self.model = model
        self._engine: Any = None

    def load(self) -> Any:
        """The engine. Raises `ModelError` when the files are not a model that it can run."""
        if self._engine is None:
            import faster_whisper

            place = str(self.model.folder)
            try:
                self._engine = faster_whisper.WhisperModel(
                    place, device="cpu", compute_type="int8", local_files_only=True
                )
            except MemoryError:
                raise
            except Exception as error:  # tokenizers raises plain Exception for a damaged file
                told = " ".join(str(error).split()).split(". ")[0].rstrip(".")[:200]
                raise ModelError(f"the speech model {self.model.name} in {place} cannot be loaded: {told}") from error
        return self._engine

    def hear(self, sound: NDArray[np.float32]) -> tuple[Iterator[Segment], str | None]:
        """The segments with speech, as they are heard, and the language ("en"); `sound` is mono, `RATE` a second.

        Silence is left out. One temperature and no memory of earlier text: the same bytes give the same words.
        """
        heard, about = self.load().transcribe(sound, temperature=0.0, condition_on_previous_text=False, vad_filter=True)
        return (Segment(one.start, one.end, one.text) for one in heard), about.language

    def write(self, sound: NDArray[np.float32], tokens: int) -> int:
        """Write exactly so many tokens for one window of sound, whatever is in it; how many were written."""
        from faster_whisper.tokenizer import Tokenizer

        engine = self.load()
        words = Tokenizer(engine.hf_tokenizer, engine.model.is_multilingual, task="transcribe", language="en")
        prompt = [*words.sot_sequence, words.no_timestamps]
        features = engine.encode(engine.feature_extractor(sound)[:, : engine.feature_extractor.nb_max_frames])
        # Half of max_length is for the prompt, however short that is.
        result = engine.model.generate(
            features, [prompt], beam_size=5, max_length=2 * tokens, suppress_tokens=[-1, words.eot]
        )
        return len(result[0].sequences_ids[0])

    def close(self) -> None:
        """Give the memory back."""
        self._engine = None
