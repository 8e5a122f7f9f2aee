"""The bass line and the drone: the lowest notes, which say where the harmony stands. Melodic basses are not here;
they would be a lead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.compose.drive import strokes, suited
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.form import ROUND
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

LOWEST = 28  # E1: below, small loudspeakers have nothing left
QUIET = 0.5
REPEATED, TURNED = 4, 0.6
"""Roots of a line from which on it is turned, and how often."""
FIFTH_FROM = 4
"""Strokes of a kick from which on the bass leaves its root for the last."""
SIXTH, MAJOR_SEVENTH = 9, 11
BETWEEN = {"2": (2, 1), "4": (5, 6), "6": (9, 8)}
"""Steps of the scale between the notes of a chord: semitones above its root, likelier first."""


def play_bass(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Play one idiom in the verse, another in the chorus, both with the kick; the calmest where it is quiet."""
    idioms = suited(plan.style.idioms(plan.metre).bass, strokes, plan.drive)
    kicks = groove.kicks(plan)
    order = dice.permutation(len(idioms))
    shuffled = [idioms[n] for n in order]
    verse = _locked(shuffled, kicks[0], dice)
    chorus = _locked(shuffled[::-1], kicks[1], dice)
    calm = min(idioms, key=lambda pattern: sum(symbol not in ".-" for symbol in pattern))
    scale = theory.scale(plan.key)
    turns = [roll < TURNED for roll in dice.random(2).tolist()]
    events: list[Event] = []
    for bar in bars:
        # Over the chords of the verse its line comes again as well.
        turned_aside = bar.is_peak and ROUND not in bar.section.traits
        pattern = calm if bar.intensity < QUIET else chorus if turned_aside else verse
        pattern = _turned(pattern) if turns[turned_aside] else pattern
        strength = 0.7 + 0.2 * bar.intensity
        for offset, length, symbol in hits(pattern, bar.beats, bar.place):
            chord = bar.chord_at(offset)
            # The first note under a chord is its root: it says which chord this is.
            first = abs(bar.start + offset - chord.start) < 1e-9
            pitch = _pitch("1" if first else symbol, chord, bar.next_chord, scale, voice.instrument)
            room = chord.start + chord.length - bar.start - offset
            loud = strength * (1.0 if offset == int(offset) else 0.88)
            events.append((bar.start + offset, 0.92 * min(length, room), pitch, loud))
    return events


def _locked(idioms: Sequence[str], kick: str, dice: np.random.Generator) -> str:
    """The first of several lines, or, where the kick does more than to count, one that is struck with it."""
    if not kick or _counts(kick):
        return idioms[0]
    lines = [_with_kick(kick), *idioms]
    together = sorted(lines, key=lambda line: -_together(line, kick))
    return together[int(dice.integers(max(2, len(lines) // 3)))]


def _counts(kick: str) -> bool:
    """Whether a kick is on every beat: then the bass may be anywhere, and is best between."""
    return all(symbol in "Xx" for symbol in kick[::4])


def _together(line: str, kick: str) -> float:
    """Of the sixteenths at which one of the two is struck, those at which both are."""
    steps = range(max(len(line), len(kick)))
    low = {n for n in steps if kick[n % len(kick)] in "Xx"}
    notes = {n for n in steps if line[n % len(line)] not in ".-"}
    return len(low & notes) / max(1, len(low | notes))


def _with_kick(kick: str) -> str:
    """The root with every stroke of the kick, and the fifth with the last one of a bar of several."""
    struck = [n for n, symbol in enumerate(kick) if symbol in "Xx" or n == 0]
    line = ["-"] * len(kick)
    for n in struck:
        line[n] = "1"
        line[n - 1] = "." if n - 1 not in struck else line[n - 1]
    if len(struck) >= FIFTH_FROM:
        line[struck[-1]] = "5"
    return "".join(line)


def _turned(pattern: str) -> str:
    """A line that repeats its root leads on at its end: the last root but one becomes a fifth, the last an approach."""
    roots = [n for n, symbol in enumerate(pattern) if symbol == "1"]
    if len(roots) < REPEATED or set(pattern) - set("1.-"):
        return pattern
    line = list(pattern)
    line[roots[-2]], line[roots[-1]] = "5", "a"
    return "".join(line)


def play_drone(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """Tonic and fifth throughout, whatever the chords do, as long as they do not grind."""
    instrument = INSTRUMENTS[voice.instrument]
    tonic = _lowest(plan.key.tonic, max(instrument.low, 36))
    degrees = {"1": tonic, "8": tonic + 12, "5": tonic + 7 if tonic < 43 else tonic - 5}
    pattern = plan.style.idioms(plan.metre).drone[0]
    events: list[Event] = []
    for bar in bars:
        for offset, length, symbol in hits(pattern, bar.beats, bar.place):
            pitch = degrees[symbol]
            if instrument.low <= pitch <= instrument.high and _agrees(pitch, bar.chord_at(offset)):
                ring = length if instrument.family != "plucked" else max(length, bar.beats / 2)
                events.append((bar.start + offset, ring, pitch, 0.6))
    return events


def root_pitch(pitch_class: int, instrument: str) -> int:
    """The lowest comfortable note of a pitch class."""
    low = INSTRUMENTS[instrument].low
    return _lowest(pitch_class, max(low, LOWEST))


def _lowest(pitch_class: int, low: int) -> int:
    return low + (pitch_class - low) % 12


def _pitch(
    symbol: str, chord: Chord, following: Chord, scale: frozenset[int], instrument: str
) -> int:
    root = root_pitch(chord.root, instrument)
    lowest = root_pitch(_lowest_class(chord), instrument)
    high = INSTRUMENTS[instrument].high
    if symbol == "a" and following.root == chord.root:
        symbol = "5"  # who is there already does not lead to it
    if symbol == "a":
        return _approach(
            root_pitch(following.root if following.bass is None else following.bass, instrument),
            scale,
            instrument,
        )
    pitch = lowest
    if symbol == "8":
        pitch = root + 12
    elif symbol in BETWEEN:
        low, high_step = BETWEEN[symbol]
        pitch = root + (low if (root + low) % 12 in scale else high_step)
    elif symbol != "1":
        wanted = {"3": 1, "5": 2, "7": 3}[symbol]
        notes = chord.notes
        above = (notes[min(wanted, len(notes) - 1)] - chord.root) % 12
        # A major seventh in the bass grinds against every root above it; its neighbour below does not.
        pitch = root + (above if above != MAJOR_SEVENTH else SIXTH)
    return pitch if pitch <= high else pitch - 12


def _lowest_class(chord: Chord) -> int:
    return chord.root if chord.bass is None else chord.bass


def _approach(target: int, scale: frozenset[int], instrument: str) -> int:
    """The neighbour in the scale from which the next root is reached."""
    low = INSTRUMENTS[instrument].low
    below = next(target - step for step in (1, 2, 3) if (target - step) % 12 in scale)
    if below >= low:
        return below
    return next(target + step for step in (1, 2, 3) if (target + step) % 12 in scale)


def _agrees(pitch: int, chord: Chord) -> bool:
    return all((pitch - note) % 12 not in {1, 11} for note in chord.notes)
