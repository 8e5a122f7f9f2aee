"""What to play or to draw, in words that no dialect owns. Not who asked or how it is delivered: that is `jobs.py`.

The ranges checked here hold for every model; what one model cannot do is known by `catalog/`.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

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
SIDE_MIN, SIDE_MAX, SIDE_STEP = 64, 2048, 8  # pixels
PICTURES_MAX = 4
STEPS_MAX = 150
PICTURE_GUIDANCE_MAX = 30.0
UPSCALES = (1, 2, 4)
LORAS_MAX = 8
LORA_WEIGHT_MAX = 4.0
LORA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


class Kind(enum.StrEnum):
    """What a model makes and a job is about."""

    MUSIC = "music"
    IMAGE = "image"


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


class PictureFormat(enum.StrEnum):
    """The file a client of pictures gets."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Safety(enum.StrEnum):
    """What happens to a picture that the model's own checker finds unfit for everybody's eyes."""

    OFF = "off"
    BLUR = "blur"
    REFUSE = "refuse"


SAMPLE_RATES = range(8000, 768_001)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a stranger's file lies: an http(s) or data URI, a file of ours, or KEPT and a name among the job's own files."""

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

    kind: ClassVar[Kind] = Kind.MUSIC

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

    def with_sources(self, sources: Mapping[str, Source]) -> MusicSpec:
        """The same, with what is given lying elsewhere; all of `sources` by the name of its field."""
        spans = {
            name: dataclasses.replace(span, source=sources[name])
            for name, span in self.spans.items()
        }
        return dataclasses.replace(self, score=sources.get("score"), **spans)

    def without_content(self) -> MusicSpec:
        """What may be remembered for ever: nothing that the asker said or gave."""
        return dataclasses.replace(
            self, prompt="", melody=None, continues=None, score=None, sections=()
        )

    @property
    def spans(self) -> dict[str, Span]:
        """The stretches of given sound that count, by the name of their field."""
        given = {"melody": self.melody, "continues": self.continues}
        return {name: span for name, span in given.items() if span is not None}


@dataclass(frozen=True, kw_only=True)
class Lora:
    """A small change to a model, from the models' folder.

    name    of its file or folder there; no path
    weight  1 is as it was trained, 0 is without it
    """

    name: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """One to four pictures, as wanted.

    negative         what must not be in them
    width, height    pixels; None: as the model likes best; the service fills it in
    count            the i-th of them (from 0) has the seed `seed + i`
    steps            None: as many as the model needs; the service fills it in
    guidance         how closely the words are followed; at 1 and below they are not weighed against anything
    seed             None: the service draws one and writes it into the job
    scheduler        how a diffusion model takes its steps; None: its own way
    init             a picture to start from; strength 0 leaves it as it is, 1 leaves nothing of it
    upscale          1, 2 or 4 times as wide and high in the end
    describe         False: nothing of the prompt is written into the files
    family, palette  canvas only: the kind of picture and its colours
    """

    kind: ClassVar[Kind] = Kind.IMAGE

    prompt: str
    model: str = "canvas"
    negative: str = ""
    width: int | None = None
    height: int | None = None
    count: int = 1
    steps: int | None = None
    guidance: float = 7.0
    seed: int | None = None
    scheduler: str | None = None
    init: Source | None = None
    strength: float = 0.75
    loras: tuple[Lora, ...] = ()
    upscale: int = 1
    safety: Safety = Safety.OFF
    format: PictureFormat = PictureFormat.PNG
    describe: bool = True
    family: str | None = None
    palette: str | None = None

    @property
    def sources(self) -> dict[str, Source]:
        """What is given, by the name of its field."""
        return {} if self.init is None else {"init": self.init}

    def with_sources(self, sources: Mapping[str, Source]) -> ImageSpec:
        """The same, with what is given lying elsewhere."""
        return dataclasses.replace(self, init=sources.get("init"))

    def without_content(self) -> ImageSpec:
        """What may be remembered for ever: nothing that the asker said or gave."""
        return dataclasses.replace(self, prompt="", negative="", init=None, loras=())


Spec = MusicSpec | ImageSpec


def check_spec(spec: Spec, *, is_played: bool = True) -> None:
    """Refuse what no model can do.

    is_played  False for a wish that is only kept, never tried: it may have nothing to start from
    raises  Invalid with the field's name in this module's words
    """
    if spec.seed is not None and not 0 <= spec.seed <= SEED_MAX:
        raise Invalid("seed", "must be between 0 and 2^63 - 1")
    if isinstance(spec, ImageSpec):
        _check_image(spec, is_drawn=is_played)
    else:
        _check_music(spec, is_played=is_played)


def _check_image(spec: ImageSpec, *, is_drawn: bool) -> None:
    _check_text("prompt", spec.prompt)
    _check_text("negative", spec.negative)
    if is_drawn and not spec.prompt.strip():
        raise Invalid("prompt", "is empty")
    for name in ("width", "height"):
        _check_side(name, getattr(spec, name), spec.upscale)
    if not 1 <= spec.count <= PICTURES_MAX:
        raise Invalid("count", f"must be between 1 and {PICTURES_MAX}, not {spec.count}")
    if spec.steps is not None and not 1 <= spec.steps <= STEPS_MAX:
        raise Invalid("steps", f"must be between 1 and {STEPS_MAX}, not {spec.steps}")
    if not 0 <= spec.guidance <= PICTURE_GUIDANCE_MAX:  # and so no NaN
        raise Invalid("guidance", f"must be between 0 and {PICTURE_GUIDANCE_MAX:g}")
    if not 0 <= spec.strength <= 1:
        raise Invalid("strength", "must be between 0 and 1")
    _check_loras(spec.loras)


def _check_side(name: str, side: int | None, upscale: int) -> None:
    if upscale not in UPSCALES:
        raise Invalid("upscale", f"must be one of: {', '.join(map(str, UPSCALES))}")
    if side is None:
        return
    if not SIDE_MIN <= side <= SIDE_MAX:
        raise Invalid(name, f"must be between {SIDE_MIN} and {SIDE_MAX} pixels, not {side}")
    if side % SIDE_STEP:
        raise Invalid(name, f"must be a multiple of {SIDE_STEP}, and {side} is not")
    if side * upscale > SIDE_MAX:
        raise Invalid(
            "upscale", f"makes {side * upscale} pixels of {side}; a side has at most {SIDE_MAX}"
        )


def _check_loras(loras: tuple[Lora, ...]) -> None:
    if len(loras) > LORAS_MAX:
        raise Invalid("loras", f"are {len(loras)}; at most {LORAS_MAX}")
    for index, lora in enumerate(loras):
        if not LORA_NAME.fullmatch(lora.name):
            raise Invalid(f"loras.{index}.name", "is no name of a file in the models' folder")
        if not -LORA_WEIGHT_MAX <= lora.weight <= LORA_WEIGHT_MAX:
            raise Invalid(
                f"loras.{index}.weight",
                f"must be between {-LORA_WEIGHT_MAX:g} and {LORA_WEIGHT_MAX:g}",
            )


def _check_music(spec: MusicSpec, *, is_played: bool) -> None:
    needs_words = is_played and not spec.sources
    _check_prompt("prompt", spec.prompt, needs_words=needs_words)
    if not (math.isfinite(spec.seconds) and SECONDS_MIN <= spec.seconds <= SECONDS_MAX):
        raise Invalid("seconds", f"must be between {SECONDS_MIN:g} and {SECONDS_MAX:g}")
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


def _check_text(name: str, text: str) -> None:
    if len(text) > PROMPT_CHARACTERS_MAX:
        raise Invalid(name, f"has {len(text)} characters; at most {PROMPT_CHARACTERS_MAX}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid(name, "is not valid Unicode: it holds half of a surrogate pair")


def _check_prompt(name: str, prompt: str, *, needs_words: bool) -> None:
    _check_text(name, prompt)
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


def spec_to_json(spec: Spec) -> dict[str, Any]:
    return {"kind": spec.kind.value, **dataclasses.asdict(spec)}


def spec_from_json(stored: Mapping[str, Any]) -> Spec:
    """The inverse of `spec_to_json`, for rows that this program wrote; until there were pictures, they told no kind."""
    words = dict(stored)
    if words.pop("kind", Kind.MUSIC) == Kind.IMAGE:
        return _image_from_json(words)
    return _music_from_json(words)


def _image_from_json(words: dict[str, Any]) -> ImageSpec:
    if words["init"] is not None:
        words["init"] = Source(**words["init"])
    words["loras"] = tuple(Lora(**lora) for lora in words["loras"])
    words["safety"] = Safety(words["safety"])
    words["format"] = PictureFormat(words["format"])
    return ImageSpec(**words)


def _music_from_json(words: dict[str, Any]) -> MusicSpec:
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
