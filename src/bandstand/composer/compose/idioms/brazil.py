"""Bossa nova and samba: the guitar's two-bar syncopation over a thumb, a bass that walks like a surdo, a tune that lags
and hurries. Drums play the style's grooves.

Sources: common practice after João Gilberto's guitar; the tamborim's teleco-teco.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, swing, tune
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

CHANGES = {
    "major": (
        "1:maj7 | 1:maj7 | 2:7 | 2:m7 5:7 | 1:maj7 | 6:m7 | 2:m7 5:7 | 1:maj7",
        "1:maj7 | 6:m7 | 2:m7 | 5:7",
        "1:maj7 b3:dim7 | 2:m7 5:7 | 1:maj7 6:m7 | 2:m7 5:7",
        "1:maj7 | 4:maj7 | 3:m7 6:m7 | 2:m7 5:7 | 1:maj7 | 1:maj7 | 2:m7 5:7 | 1:maj7",
        "1:maj7 | 1:maj7 | 2:m7 | 5:7 | 1:maj7 | 6:m7 | 2:m7 5:7 | 1:maj7",
    ),
    "minor": (
        "1:m7 | 1:m7 | 2:m7b5 | 5:7 | 1:m7 | 1:m7 | 2:m7b5 5:7 | 1:m7",
        "1:m7 | 4:m7 | 1:m7 | 1:m7",
        "1:m7 | 1:m7 | 4:m7 | b7:7 | b3:maj7 | b6:maj7 | 2:m7b5 5:7 | 1:m7",
        "1:m7 | b6:maj7 | 2:m7b5 5:7 | 1:m7",
    ),
}
# Two bars; the right fingers above, the thumb below.
GUITARS: Mapping[str, Sequence[tuple[str, str]]] = {
    "duple": (
        ("X-----X-----X---", "....X-----X-----"),
        ("....X-----X-----", "X-----X-----X---"),
        ("X---..X-----X---", "..X---..X---X---"),
        ("X---X---..X---..", "..X---X-----X---"),
    ),
    "triple": (("X-----X---X-", "..X---X-----"), ("X---..X---X-", "..X---X---..")),
    "compound": (("X---X---X-X-", "..X---X---X-"),),
}
SAMBAS: Mapping[str, Sequence[tuple[str, str]]] = {
    "duple": (
        ("x.x.xx.x.x.x.xx.", "x.x.xx.x.x.x.xx."),
        ("x..x..x.x.x..x.x", ".x.x..x.x..x.x.x"),
        (".x.x.xx.x.x.xx.x", "x.x.x.xx.x.x.xx."),
    ),
    "triple": (("x.x.xx.x.xx.", "x..x.xx.x.x."),),
    "compound": (("x.xx.x.xx.x.", "x.xx.xx.x.xx"),),
}
BOSSA_TUNES = {
    "duple": (
        ("..X---X-----x---", "x-------........"),
        ("x-----x-----X---", "----x-x-X-------"),
        ("..x-x-X---x-X---", "------x-X---...."),
        ("X-----x-x-----X-", "----------......"),
        ("....x-x-X-----X-", "--x---X-------.."),
    ),
    "triple": (("..X---x-X---", "--x-X-------"), ("X-----x-X---", "----x-X---..")),
    "compound": (("X-----x-X---", "--x-X-----.."),),
}
SAMBA_TUNES = {
    "duple": (
        ("x.xx.x.xX---..x-", "x.x-X---x-X-...."),
        ("..x-xxx-x-X---x-", "-xx-X-----......"),
        ("X--xx-x--xX---..", "x--xX---x-X-...."),
        ("..xx.xx-x--xX---", "--xxx--xX---...."),
    ),
    "triple": (("x.xx.x.xX---", "x-xxX---...."),),
    "compound": (("x-x-xxX-x-x-", "X---x-X---.."),),
}
BOSSA_LEAD = tune.Manner(
    rhythms=BOSSA_TUNES, scheme="abac", centre=67, reach=9, strict=0.8, length=0.97, ahead=0.06
)
SAMBA_LEAD = tune.Manner(
    rhythms=SAMBA_TUNES, scheme="abac", centre=69, reach=9, ahead=0.03, leaps=0.8, leaning=0.12
)
PUSHED = 0.5
"""What is struck this late in a bar belongs to the next chord."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    return changes.by_section(chart, plan, CHANGES)


def pluck(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The bossa's guitar."""
    return _pluck(bars, voice, GUITARS[ground.kind(plan.metre)], dice)


def beat(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The samba's cavaquinho: the tamborim's line in chords."""
    return _pluck(bars, voice, SAMBAS[ground.kind(plan.metre)], dice)


def _pluck(
    bars: Sequence[Bar],
    voice: Voice,
    lines: Sequence[tuple[str, str]],
    dice: np.random.Generator,
) -> list[Event]:
    order = dice.permutation(len(lines)).tolist()
    verse, chorus = lines[order[0]], lines[order[-1]]
    thumbs = INSTRUMENTS[voice.instrument].low <= 45
    previous: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        chosen = chorus if bar.is_peak else verse
        for offset, length, symbol in ground.strokes(chosen[bar.index % 2], bar.beats):
            pushed = offset >= bar.beats - PUSHED and bar.beats > 1.0
            chord = bar.next_chord if pushed else bar.chord_at(offset)
            previous = swing.shell(chord, voice, 3, previous)
            loud = 0.68 * ground.LOUDNESS[symbol] * (0.8 + 0.2 * bar.intensity)
            events += [(bar.start + offset, 0.9 * length, p, loud) for p in previous]
        if thumbs:
            events += _thumb(bar, voice)
    return ground.within(ground.once(events), bars)


def _thumb(bar: Bar, voice: Voice) -> list[Event]:
    """Root and fifth on the half bars."""
    low = INSTRUMENTS[voice.instrument].low
    half = float(round(bar.beats / 2)) if bar.beats > 2 else bar.beats
    events: list[Event] = []
    for n, start in enumerate(np.arange(0.0, bar.beats - 1e-9, half).tolist()):
        chord = bar.chord_at(start)
        note = chord.root if n % 2 == 0 else (chord.root + _fifth(chord.notes, chord.root)) % 12
        pitch = ground.closest(note, low + 5, voice.instrument)
        events.append((bar.start + start, 0.9 * min(half, bar.beats - start), pitch, 0.55))
    return events


def _fifth(notes: Sequence[int], root: int) -> int:
    above = [(note - root) % 12 for note in notes]
    return next((step for step in (7, 6, 8) if step in above), 0)


def stride(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """Root, fifth on the half bar, and the short note before each that lets it fall: the surdo's step."""
    known = INSTRUMENTS[voice.instrument]
    samba = plan.bpm < 116 and ground.kind(plan.metre) == "duple"
    lead_in = 0.25 if samba else 0.5
    step = 1.0 if samba else 2.0
    events: list[Event] = []
    for bar in bars:
        starts = np.arange(0.0, bar.beats - 1e-9, step).tolist()
        for n, start in enumerate(starts):
            chord = bar.chord_at(start)
            second = n % 2 == 1
            note = (chord.root + _fifth(chord.notes, chord.root)) % 12 if second else chord.root
            pitch = ground.closest(note, known.low + 10, voice.instrument)
            end = starts[n + 1] if n + 1 < len(starts) else bar.beats
            long = end - start - lead_in
            # The open surdo answers on the second beat, louder than the first.
            loud = (0.84 if second else 0.7) + 0.08 * bar.intensity
            events.append((bar.start + start, 0.9 * max(long, 0.25), pitch, loud))
            if long >= 0.5:
                ahead = bar.chord_at(end) if end < bar.beats else bar.next_chord
                same = ahead.root if end >= bar.beats else pitch % 12
                led = ground.closest(same, known.low + 10, voice.instrument)
                events.append((bar.start + start + long, 0.8 * lead_in, led, 0.6))
    return ground.within(events, bars)


def croon(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The bossa's tune: few notes, held over the barline, never quite on it."""
    return tune.sing(bars, plan, voice, dice, BOSSA_LEAD)


def call(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The samba's tune: sixteenths that dance around the beat."""
    return tune.sing(bars, plan, voice, dice, SAMBA_LEAD)


BOSSA = {Role.LEAD: croon, Role.COMP: pluck, Role.BASS: stride}
SAMBA = {Role.LEAD: call, Role.COMP: beat, Role.BASS: stride}
