"""Intent -> Plan: everything that is settled before the first note. What was asked is met exactly; dice fill the rest."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from bandstand.composer import chance, theory
from bandstand.composer.plan import form
from bandstand.composer.plan.casting import Voice, cast
from bandstand.composer.plan.given import moved
from bandstand.composer.plan.style import Style, style, style_names
from bandstand.composer.plan.tailor import tailored
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.score import Drift, Given, Key, Metre, Mix, Role, Section

PACED = 0.27
"""What a tempo word says of how lively a piece is, beside a mood."""
TONICS = (0, 2, 4, 5, 7, 9, 10, 3)
"""Where a piece stands when no key is asked: the keys that instruments like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be composed.

    bars      whole ones; 0 when the piece is shorter than a bar
    energy    0..1, of the whole piece; each section has its own intensity on top
    drive     -1..1, how much livelier the prompt wants it than the style is
    riff      the tune is one short figure, repeated
    loops     the bars fill the length, and the end goes over into the beginning
    given     what the piece is composed around, in the key of the plan
    variation 0 is the piece; another number keeps tempo, key, style, form, leader and motif, and varies the rest
    asked     the flags of the prompt, for players whom they concern
    soloing   whoever leads also plays the solos
    opens, closes  instruments that have the first and the last word
    fade      seconds of fade-out at the end; fade_in: of one at the beginning; hard: the last chord is short
    drift     how the tempo moves away from the bpm
    seed      of the piece: players of one idiom agree by it on what none of them may choose alone
    """

    title: str
    style: Style
    seconds: float
    bpm: float
    key: Key
    metre: Metre
    bars: int
    sections: tuple[Section, ...]
    voices: tuple[Voice, ...]
    energy: float
    riff: bool
    pentatonic: bool
    loops: bool
    mix: Mix
    seed: int = 0
    given: Given | None = None
    variation: int = 0
    asked: frozenset[str] = frozenset()
    drive: float = 0.0
    soloing: bool = False
    opens: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    fade: float = 0.0
    fade_in: float = 0.0
    hard: bool = False
    drift: Drift | None = None

    @property
    def end(self) -> float:
        """The beat on which the last second is over."""
        steady = self.seconds * self.bpm / 60.0
        return self.drift.drifted(steady) if self.drift else steady


def make_plan(
    intent: Intent, seconds: float, seed: int, *, given: Given | None = None, variation: int = 0
) -> Plan:
    """Settle everything that is not a note.

    seconds  exact length of the piece, > 0
    """
    given = given or Given()
    chosen = tailored(style(_style_name(intent)), intent.flags)
    # Or one seed would put every style into the same key.
    dice = chance.stage(seed, chance.PLAN, chosen.name)
    bpm = intent.bpm or given.bpm or _bpm(intent, chosen, dice)
    key = intent.key or _given_key(given, intent.mode) or _key(intent, chosen, dice)
    metre = intent.metre or given.metre or chosen.metre
    hard = "hard-ending" in intent.flags
    bars = _bars(seconds, bpm, metre, given, hard=hard)
    fades = "fade-out" in intent.flags and bars > 0
    if fades:
        bars = form.faded_bars(seconds, bpm, metre)
    drifting = form.drifting(seconds, bpm, metre, intent.flags, hard=hard)
    looped = form.looped(seconds, bpm, metre, may_bend=not (intent.bpm or given.bpm))
    loops = "loop" in intent.flags and looped is not None and not fades
    if loops and looped is not None:
        bars, bpm = looped
    drift = None
    if drifting and not loops and not fades:
        bars, drift = drifting
    voices = _cast(intent, chosen, seed, variation)
    wish = form.Wish(
        style=chosen.name,
        section_bars=chosen.section_bars,
        asked=intent.flags
        | ({"intro"} if intent.opens else set())
        | ({"outro"} if intent.closes else set()),
        loops=loops,
        lifts=key.mode in {"major", "minor"} and all(v.role is not Role.DRONE for v in voices),
    )
    energy = chosen.energy + 0.3 * (intent.energy or 0.0) + 0.08 * (intent.pace or 0.0)
    return Plan(
        title=f"{chosen.title} in {theory.key_name(key)}",
        style=chosen,
        seconds=seconds,
        bpm=bpm,
        key=key,
        metre=metre,
        bars=bars,
        sections=form.sections(bars, seconds, wish),
        voices=voices,
        energy=min(max(energy, 0.0), 1.0),
        riff="riff" in intent.flags,
        pentatonic="pentatonic" in intent.flags or chosen.tune.pentatonic,
        loops=loops,
        mix=_aged(chosen.mix, intent.era),
        seed=seed,
        given=moved(given, key) if given.tune or given.chords else None,
        variation=variation,
        asked=intent.flags,
        opens=frozenset(voice.instrument for voice in voices) & frozenset(intent.opens),
        closes=frozenset(voice.instrument for voice in voices) & frozenset(intent.closes),
        drive=min(max((intent.energy or 0.0) + PACED * (intent.pace or 0.0), -1.0), 1.0),
        soloing=intent.solo is not None or "solo" in intent.flags,
        fade=form.fade(seconds) if fades else 0.0,
        fade_in=form.fade(seconds) if "fade-in" in intent.flags and not loops else 0.0,
        drift=drift,
        hard=hard and not loops,
    )


def _bars(seconds: float, bpm: float, metre: Metre, given: Given, *, hard: bool) -> int:
    """As many as leave the last chord room to ring; less room where a given tune is not over by then."""
    bars = form.whole_bars(seconds, bpm, metre, hard=hard)
    sung = max((note.start + note.length for note in given.tune), default=0.0)
    more = sung > bars * metre.beats
    return form.whole_bars(seconds, bpm, metre, hard=True) if more else bars


def _cast(intent: Intent, chosen: Style, seed: int, variation: int) -> tuple[Voice, ...]:
    """Who plays; a variation keeps the leader and draws the others anew."""
    voices = cast(intent, chosen, chance.stage(seed, chance.CASTING, chosen.name))
    if variation == 0:
        return voices
    dice = chance.stage(seed, chance.CASTING, f"{chosen.name} {variation}")
    led = next((voice for voice in voices if voice.role is Role.LEAD), None)
    others = cast(intent, chosen, dice)
    return tuple(led if led and voice.role is Role.LEAD else voice for voice in others)


def _style_name(intent: Intent) -> str:
    """The first genre; else what an instrument or the mood stands for; else pop."""
    known = [name for name in style_names() if name not in intent.excluded_genres]
    named = next((genre for genre in intent.genres if genre in known), None)
    if named:
        return named
    hints = lexicon().hints
    hinted = [hints[name] for name in intent.instruments if name in hints]
    return next(name for name in (*hinted, _of_mood(intent), "pop", *known) if name in known)


def _of_mood(intent: Intent) -> str:
    energy, valence = intent.energy or 0.0, intent.valence or 0.0
    if energy <= -0.45:
        return "ambient"
    if valence <= -0.3:
        return "metal" if energy >= 0.8 else "cinematic"
    return "electronic" if energy >= 0.8 else "pop"


def _bpm(intent: Intent, chosen: Style, dice: np.random.Generator) -> float:
    low, high = intent.tempo or chosen.bpm
    if intent.pace is not None and intent.tempo is None:
        low, high = _paced(low, high, intent.pace)
    # Lively pieces lie in the upper half of what the style allows, calm ones in the lower.
    middle = 0.5 + 0.4 * (intent.energy or 0.0)
    share = min(max(middle + dice.uniform(-0.3, 0.3), 0.0), 1.0)
    return float(round(min(max(low + share * (high - low), 40.0), 240.0)))


def _paced(low: float, high: float, pace: float) -> tuple[float, float]:
    """The half of a style's range where a pace lies; plain "slow" and "fast" lie beyond its ends."""
    if abs(pace) < 1.0:
        middle, quarter = low + (0.5 + 0.5 * pace) * (high - low), 0.25 * (high - low)
        return middle - quarter, middle + quarter
    width = 0.12 * (low + high)
    low, high = (low - width, low) if pace < 0 else (high, high + width)
    beyond = pace * width / 2 if abs(pace) > 1.2 else 0.0
    return low + beyond, high + beyond


def _given_key(given: Given, mode: str | None) -> Key | None:
    """The key of what is given, in the mode that is asked: "in minor" changes the mode and keeps the tonic."""
    if given.key is None or mode is None or mode in {given.key.mode, theory.family(given.key.mode)}:
        return given.key
    return replace(given.key, mode=mode)


def _key(intent: Intent, chosen: Style, dice: np.random.Generator) -> Key:
    tonic = int(dice.choice(TONICS))
    modes = chosen.modes
    if intent.mode is not None:
        return Key(tonic, intent.mode)
    wanted = _wanted_family(intent.valence)
    if wanted is not None:
        modes = tuple(mode for mode in modes if theory.family(mode) == wanted) or (wanted,)
    return Key(tonic, str(dice.choice(modes)))


def _wanted_family(valence: float | None) -> str | None:
    if valence is None or -0.3 < valence < 0.45:
        return None
    return "minor" if valence < 0 else "major"


def _aged(mix: Mix, era: str | None) -> Mix:
    """Make the mix sound like the records of a decade."""
    changes = _eras().get(era or "", {})
    values = {name: getattr(mix, name) + change for name, change in changes.items()}
    if "high_cut" in changes:
        values["high_cut"] = min(mix.high_cut, changes["high_cut"])
    for name in values.keys() & {"reverb", "delay", "drive", "width", "sidechain", "dust"}:
        values[name] = min(max(values[name], 0.0), 1.0)
    return replace(mix, **values)


@cache
def _eras() -> dict[str, dict[str, float]]:
    return tomllib.loads(files("bandstand.composer.plan").joinpath("eras.toml").read_text("utf-8"))
