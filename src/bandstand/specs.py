"""What to play, in words that no dialect owns. Not who asked or how it is delivered: that is `jobs.py`.

The ranges checked here hold for every model; what one model cannot do is known by `catalog.py`.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bandstand.audio.kinds import FORMATS
from bandstand.errors import Invalid

PROMPT_CHARACTERS_MAX = 4000
SECONDS_MIN, SECONDS_MAX = 0.5, 600.0
SEED_MAX = 2**63 - 1
KEPT = "kept:"  # what came inside the request and was laid beside the job's results
SAMPLES_MAX = 28_800_000  # per channel: ten minutes at 48 kHz
SECTIONS_MAX = 40
VARIATIONS_MAX = 9999
STEMS_SECONDS_MAX = 300.0


class Loudness(enum.StrEnum):
    """How the finished piece is brought to level; exact parameters in `audio/loudness.py`."""

    LUFS = "loudness"
    CLIP = "clip"
    PEAK = "peak"
    RMS = "rms"


class Encoding(enum.StrEnum):
    """The file a client gets; each has a row in `audio.kinds.FORMATS`."""

    WAV = "wav"
    WAV24 = "wav24"
    WAV32F = "wav32f"
    MP3 = "mp3"
    FLAC = "flac"
    OGG = "ogg"


STEM_ENCODINGS = (Encoding.WAV, Encoding.FLAC)


SAMPLE_RATES = range(8000, 768_001)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a stranger's sound lies: an http(s) or data URI, a file of ours, or KEPT and a name among the job's own files."""

    uri: str


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of a source. start, end: seconds; end None: to its end."""

    source: Source
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """From `start` seconds on, `prompt` is what is played."""

    start: float
    prompt: str


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are drawn; only token models read it. top_p above 0 replaces top_k."""

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0


@dataclass(frozen=True, kw_only=True)
class MusicSpec:
    """One piece of music, as wanted.

    seconds      length of the result, continued audio included
    seed         None: the service draws one and writes it into the job
    melody       follow this tune; never together with `continues`
    continues    go on from this stretch of audio
    score        play these notes, a MIDI file or the plan of an earlier piece, as the prompt says; alone
    variation    0 is the piece itself; others keep its tune's motif, form, tempo and key, and differ in the rest
    stems        how the parts are written, one file each, beside the track; None: not at all
    sections     later prompts, in their order; before the first of them `prompt` holds
    multiband    decode with MultiBand Diffusion
    sample_rate  Hz; None: as the model speaks
    channels     1 or 2; None: as many as the model makes
    """

    prompt: str
    model: str = "stereo-melody-large"
    seconds: float = 8.0
    seed: int | None = None
    melody: Span | None = None
    continues: Span | None = None
    score: Source | None = None
    variation: int = 0
    stems: Encoding | None = None
    sections: tuple[Section, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    multiband: bool = False
    loudness: Loudness = Loudness.LUFS
    encoding: Encoding = Encoding.WAV
    sample_rate: int | None = None
    channels: int | None = None

    @property
    def sources(self) -> dict[str, Source]:
        """What is given, by the name of its field."""
        spans = {name: span.source for name, span in self.spans.items()}
        return spans if self.score is None else {**spans, "score": self.score}

    @property
    def spans(self) -> dict[str, Span]:
        """The stretches of given sound that count, by the name of their field."""
        given = {"melody": self.melody, "continues": self.continues}
        return {name: span for name, span in given.items() if span is not None}


def check_spec(spec: MusicSpec, *, is_played: bool = True) -> None:
    """Refuse what no model can do.

    is_played  False for a wish that is only kept, never tried: it may have nothing to start from
    raises  Invalid with the field's name in this module's words
    """
    needs_words = is_played and not spec.sources
    _check_prompt("prompt", spec.prompt, needs_words=needs_words)
    if not (math.isfinite(spec.seconds) and SECONDS_MIN <= spec.seconds <= SECONDS_MAX):
        raise Invalid("seconds", f"must be between {SECONDS_MIN:g} and {SECONDS_MAX:g}")
    if spec.seed is not None and not 0 <= spec.seed <= SEED_MAX:
        raise Invalid("seed", "must be between 0 and 2^63 - 1")
    if spec.melody is not None and spec.continues is not None:
        raise Invalid("melody", "cannot be combined with audio to continue")
    if spec.score is not None and spec.spans:
        raise Invalid("score", "cannot be combined with given audio")
    if spec.channels not in {None, 1, 2}:
        raise Invalid("channels", "must be 1 or 2")
    for name, span in spec.spans.items():
        _check_span(name, span)
    _check_sections(spec, needs_words=needs_words)
    if spec.sample_rate is not None:
        _check_rate(spec.sample_rate, spec)
    _check_sampling(spec.sampling)
    _check_extras(spec)


def _check_extras(spec: MusicSpec) -> None:
    if not 0 <= spec.variation <= VARIATIONS_MAX:
        raise Invalid("variation", f"must be between 0 and {VARIATIONS_MAX}")
    if spec.stems not in {None, *STEM_ENCODINGS}:
        raise Invalid("stems", f"must be one of: {', '.join(STEM_ENCODINGS)}")
    if spec.stems is not None and spec.seconds > STEMS_SECONDS_MAX:
        raise Invalid("stems", f"are for pieces of at most {STEMS_SECONDS_MAX:g} seconds")


def _check_prompt(name: str, prompt: str, *, needs_words: bool) -> None:
    if len(prompt) > PROMPT_CHARACTERS_MAX:
        raise Invalid(name, f"has {len(prompt)} characters; at most {PROMPT_CHARACTERS_MAX}")
    if any("\ud800" <= character <= "\udfff" for character in prompt):
        raise Invalid(name, "is not valid Unicode: it holds half of a surrogate pair")
    if needs_words and not prompt.strip():
        raise Invalid(name, "is empty, and there is no audio to start from either")


def _check_span(name: str, span: Span) -> None:
    if not 0 <= span.start < math.inf:
        raise Invalid(name, "must start at 0 or later")
    if span.end is not None and not 0 <= span.end < math.inf:
        raise Invalid(name, "must end at 0 or later")


def _check_sections(spec: MusicSpec, *, needs_words: bool) -> None:
    if len(spec.sections) > SECTIONS_MAX:
        raise Invalid("sections", f"are {len(spec.sections)}; at most {SECTIONS_MAX}")
    before = 0.0
    for index, section in enumerate(spec.sections):
        name = f"sections.{index}"
        if not before < section.start < spec.seconds:  # and so no NaN
            raise Invalid(
                f"{name}.start", f"must lie after {before:g} and before the end, {spec.seconds:g}"
            )
        _check_prompt(f"{name}.prompt", section.prompt, needs_words=needs_words)
        before = section.start


def _check_rate(rate: int, spec: MusicSpec) -> None:
    if rate not in SAMPLE_RATES:
        raise Invalid("sample_rate", f"must be between {SAMPLE_RATES[0]} and {SAMPLE_RATES[-1]} Hz")
    held = FORMATS[spec.encoding.value].rates
    if rate not in held:
        raise Invalid(
            "sample_rate",
            f"{spec.encoding.value} cannot hold {rate} Hz, only {_told(held)}; wav holds any",
        )
    if rate * spec.seconds > SAMPLES_MAX:
        raise Invalid(
            "sample_rate", f"is at most {int(SAMPLES_MAX / spec.seconds)} Hz for so long a piece"
        )


def _told(rates: Collection[int]) -> str:
    if isinstance(rates, range):
        return f"{rates[0]} to {rates[-1]}"
    return ", ".join(map(str, rates))


def _check_sampling(sampling: Sampling) -> None:
    for name in ("temperature", "top_p", "guidance"):
        if not math.isfinite(getattr(sampling, name)):
            raise Invalid(name, "must be a finite number")


def spec_to_json(spec: MusicSpec) -> dict[str, Any]:
    return dataclasses.asdict(spec)


def spec_from_json(stored: Mapping[str, Any]) -> MusicSpec:
    """The inverse of `spec_to_json`, for rows that this program wrote, older ones too."""
    words = dict(stored)
    words["melody"] = _span_from_json(words["melody"])
    words["continues"] = _span_from_json(words["continues"])
    if words.get("score") is not None:
        words["score"] = Source(**words["score"])
    if words.get("stems") is not None:
        words["stems"] = Encoding(words["stems"])
    words["sections"] = tuple(Section(**section) for section in words.get("sections", ()))
    words["sampling"] = Sampling(**words["sampling"])
    words["loudness"] = Loudness(words["loudness"])
    words["encoding"] = Encoding(words["encoding"])
    return MusicSpec(**words)


def _span_from_json(stored: Mapping[str, Any] | None) -> Span | None:
    """Until a melody could be cut, it was stored as a source alone."""
    if stored is None:
        return None
    if "source" not in stored:
        return Span(source=Source(**stored))
    return Span(source=Source(**stored["source"]), start=stored["start"], end=stored["end"])
