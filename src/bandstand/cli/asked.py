"""What a person asks of a piece, on the command line or in a line of a batch, and the `MusicSpec` that it means.

Names here are those of the options of `bandstand generate`. Not how a piece is made: that is `piece.py` or `remote.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bandstand.errors import Invalid

if TYPE_CHECKING:
    from bandstand.specs import MusicSpec, Section, Span


@dataclass(frozen=True, kw_only=True)
class Asked:
    """melody, continues, score: files or addresses; start, end: seconds into what is given; section: SECONDS=PROMPT"""

    prompt: str
    seconds: float = 30.0
    out: Path | None = None
    seed: int | None = None
    model: str = "composer"
    melody: str | None = None
    continues: str | None = None
    start: float | None = None
    end: float | None = None
    score: str | None = None
    variation: int = 0
    stems: str | None = None
    section: Sequence[str] = ()
    multiband: bool = False
    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0
    encoding: str | None = None
    loudness: str = "loudness"
    sample_rate: int | None = None


def to_spec(asked: Asked, target: Path) -> MusicSpec:
    """
    target  its ending chooses the format unless one was asked for
    raises  Invalid for what no model can do
    """
    from bandstand.specs import MusicSpec, Sampling, Source, check_spec

    is_cut = (asked.start, asked.end) != (None, None)
    if is_cut and asked.melody is None and asked.continues is None:
        raise Invalid("from, to", "there is no --melody and no --continue to cut")
    spec = MusicSpec(
        prompt=asked.prompt,
        model=asked.model,
        seconds=asked.seconds,
        seed=secrets.randbelow(2**31 - 1) if asked.seed is None else asked.seed,
        melody=_span(asked.melody, asked),
        continues=_span(asked.continues, asked),
        score=None if asked.score is None else Source(uri=asked.score),
        variation=asked.variation,
        stems=None if asked.stems is None else _encoding(asked.stems, target, "stems"),
        sections=_sections(asked.section),
        sampling=Sampling(
            temperature=asked.temperature,
            top_k=asked.top_k,
            top_p=asked.top_p,
            guidance=asked.guidance,
        ),
        multiband=asked.multiband,
        encoding=_encoding(asked.encoding, target),
        loudness=_loudness(asked.loudness),
        sample_rate=asked.sample_rate,
    )
    check_spec(spec)
    return spec


def check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise Invalid("out", f"there is no folder {target.parent}")
    if target.is_dir():
        raise Invalid("out", f"{target} is a folder")


def ending_of(encoding: str | None) -> str:
    """Of a file in this encoding: all kinds of WAV have one."""
    return "wav" if encoding is None or encoding.startswith("wav") else encoding


def _span(place: str | None, asked: Asked) -> Span | None:
    from bandstand.specs import Source, Span

    if place is None:
        return None
    return Span(source=Source(uri=place), start=asked.start or 0.0, end=asked.end)


def _sections(given: Sequence[str]) -> tuple[Section, ...]:
    """In the order of their starts, however they were given."""
    from bandstand.specs import Section

    sections: list[Section] = []
    for text in given:
        start, equals, prompt = text.partition("=")
        try:
            sections.append(Section(start=float(start), prompt=prompt))
        except ValueError:
            equals = ""
        if not equals:
            raise Invalid("section", f"{text!r} is not SECONDS=PROMPT, such as 20=strings enter")
    return tuple(sorted(sections, key=lambda section: section.start))


def _encoding(given: str | None, target: Path, name: str = "encoding") -> Any:
    from bandstand.specs import Encoding

    word = given or target.suffix.lstrip(".").lower() or "wav"
    try:
        return Encoding(word)
    except ValueError:
        raise Invalid(name, f"{word!r} is none of: {', '.join(Encoding)}") from None


def _loudness(word: str) -> Any:
    from bandstand.specs import Loudness

    try:
        return Loudness(word)
    except ValueError:
        raise Invalid("loudness", f"{word!r} is none of: {', '.join(Loudness)}") from None
