"""What a prompt asks for, in words the planner knows. Says nothing about how it is met: see `plan/`."""

from __future__ import annotations

from dataclasses import dataclass

from bandstand.composer.score import Key, Metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A prompt, understood as far as it goes. What was not asked is None or empty.

    genres       names of styles, in the order of the prompt
    instruments  names of `instruments.INSTRUMENTS` or of the lexicon's choices ("guitar", "bass", "drums")
    excluded     the same; wins over `instruments`
    solo         the one of `instruments` that is to be the soloist
    mode         without a tonic: "in a minor key"
    tempo        bpm from..to, by an Italian word
    pace         -1.4 very slow .. 1.4 very fast, relative to the style
    energy       -1 calm .. 1 energetic; valence -1 sad .. 1 happy
    era          "1990s"
    flags        of the lexicon: "riff", "loop", "alone", "sparse", "pentatonic" ...
    understood   the words that were used, in order; `ignored` those that were not
    conflicts    sentences for people: what could not be met as written
    """

    prompt: str = ""
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    solo: str | None = None
    bpm: float | None = None
    key: Key | None = None
    mode: str | None = None
    metre: Metre | None = None
    tempo: tuple[float, float] | None = None
    pace: float | None = None
    energy: float | None = None
    valence: float | None = None
    era: str | None = None
    flags: frozenset[str] = frozenset()
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
