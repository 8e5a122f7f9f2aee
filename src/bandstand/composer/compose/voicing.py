"""How a chord lies under the hands: which octave each of its notes is in. Which chord it is, and when, comes from others.

Each chord is laid as near as can be to the one before: common tones stay, the others move by step, and two voices do
not go in parallel fifths or octaves where another way is as short. A major seventh leaves its root to the bass, for the
two would rub; the other sevenths keep theirs, for without its root a minor seventh is a chord of another key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from bandstand.composer.instruments import INSTRUMENTS, Instrument
from bandstand.composer.plan.casting import SECTIONS, SINGING, Voice
from bandstand.composer.score import Chord, Role

CENTRES = {Role.COMP: 60, Role.PAD: 62, Role.ARP: 67}
POWERFUL = frozenset({"distorted-guitar", "overdriven-guitar"})
PARALLEL, AWAY, WIDEST, WIDE = 5.0, 0.35, 16, 0.5
"""Costs of parallel fifths, of a semitone away from the middle of the keyboard, and of one beyond the widest grip."""
RUB = 8.0
"""What a minor second or ninth within a chord costs."""


def voice_chord(chord: Chord, voice: Voice, previous: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Spread a chord over the keyboard, close to where the hand already is; low to high, never empty."""
    instrument = INSTRUMENTS[voice.instrument]
    if voice.instrument in POWERFUL and voice.role is Role.COMP:
        root = instrument.low + (chord.root - instrument.low) % 12
        return root, root + 7, root + 12
    centre = _centre(voice, instrument)
    return _nearest(
        _chosen(chord, voice),
        centre,
        spread=voice.role is Role.PAD,
        previous=previous,
        instrument=instrument,
    )


def _chosen(chord: Chord, voice: Voice) -> tuple[int, ...]:
    """The notes of the chord that are played."""
    notes = chord.notes
    if len(notes) > 3 and (notes[3] - notes[0]) % 12 == 11:
        notes = notes[1:]
    elif len(notes) > 4:
        notes = notes[:4]
    family = INSTRUMENTS[voice.instrument].family
    if family in SINGING and voice.instrument not in SECTIONS:
        notes = notes[1:2]
    return (*notes, notes[0]) if len(notes) == 2 else notes


@lru_cache(maxsize=8192)
def _nearest(
    notes: tuple[int, ...],
    centre: float,
    *,
    spread: bool,
    previous: tuple[int, ...],
    instrument: Instrument,
) -> tuple[int, ...]:
    layouts = list(_layouts(notes, instrument, spread=spread))
    assert layouts, f"no room for a chord on {instrument}"
    return min(layouts, key=lambda layout: _cost(layout, previous, centre))


def _layouts(
    notes: Sequence[int], instrument: Instrument, *, spread: bool
) -> Iterator[tuple[int, ...]]:
    """Every inversion in every octave, closed; for pads also with the second voice from above an octave lower."""
    for turn in range(len(notes)):
        order = [*notes[turn:], *notes[:turn]]
        low = instrument.low + (order[0] - instrument.low) % 12
        closed = [low]
        for note in order[1:]:
            closed.append(closed[-1] + ((note - closed[-1]) % 12 or 12))
        for octave in range(0, 97, 12):
            if closed[-1] + octave > instrument.high:
                break
            yield tuple(pitch + octave for pitch in closed)
            if spread and len(closed) > 2 and closed[-2] + octave - 12 >= instrument.low:
                raised = [pitch + octave for pitch in closed]
                yield tuple(sorted([raised[-2] - 12, *raised[:-2], raised[-1]]))


def _cost(layout: tuple[int, ...], previous: tuple[int, ...], centre: float) -> float:
    middle = sum(layout) / len(layout)
    cost = AWAY * abs(middle - centre) ** 1.3 + WIDE * max(0, layout[-1] - layout[0] - WIDEST)
    cost += RUB * sum(
        (high - low) % 12 == 1 for n, low in enumerate(layout) for high in layout[n + 1 :]
    )
    if not previous:
        return cost
    cost += sum(min(abs(pitch - old) for old in previous) for pitch in layout)
    cost += sum(min(abs(pitch - old) for pitch in layout) for old in previous) * 0.5
    if len(previous) == len(layout):
        cost += PARALLEL * _parallels(previous, layout)
    return cost


def _parallels(before: Sequence[int], after: Sequence[int]) -> int:
    """Pairs of voices that go in the same direction from one fifth or octave to another."""
    found = 0
    for low in range(len(before)):
        for high in range(low + 1, len(before)):
            gap = (before[high] - before[low]) % 12
            moved = after[low] - before[low]
            found += (
                gap in {0, 7}
                and (after[high] - after[low]) % 12 == gap
                and moved != 0
                and moved * (after[high] - before[high]) > 0
            )
    return found


def _centre(voice: Voice, instrument: Instrument) -> float:
    wanted = CENTRES.get(voice.role, 62) + (5 if voice.pan > 0.5 else 0)
    return min(max(wanted, instrument.low + 6), instrument.high - 7)
