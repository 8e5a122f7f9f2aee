"""Tango: marcato, sincopa, yumba and three-three-two; slides into the beat; phrases that end on the two chords "chan, chan".

No drums: the strings of the bass, the bandoneons and the piano are the beat. A verse is bitten off, a chorus is sung;
between two phrases the piano speaks. Source: common practice of the orquesta tipica, from D'Arienzo to Pugliese.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.comp import hold_pad
from bandstand.composer.compose.idioms import changes, ground, ornaments, polish, tune
from bandstand.composer.compose.voicing import voice_chord
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

MINOR = (
    "1:m | 1:m | 5:7 | 5:7 | 5:7 | 5:7 | 1:m | 1:m",
    "1:m | 4:m 1:m | 5:7 | 1:m",
    "1:m | 5:7 1:m | 2:m7b5 5:7 | 1:m",
    "4:m | 1:m | 5:7 | 1:m | 4:m | 1:m | 2:m7b5 5:7 | 1:m",
    "1:m | b6: | 5:7 | 1:m | 1:m | 4:m | 1:m 5:7 | 1:m",
    "1:m | 1:m | 4:m | 1:m | 4:m | 1:m | 5:7 | 1:m",
    "5:7 | 1:m | 5:7 | 1:m",
    "1:m | 4:m | 5:7 | 1:m | 1:7 | 4:m | 1:m 5:7 | 1:m",
    "1:m | 1:m | 5:7 | 1:m | b2: | 4:m 1:m | 5:7 | 1:m",
)
CHANGES = {
    "minor": MINOR,
    "harmonic minor": MINOR,
    "major": (
        "1: | 1: | 5:7 | 5:7 | 5:7 | 5:7 | 1: | 1:",
        "1: | 4: 1: | 5:7 | 1:",
        "1: | 1: | 2:m 5:7 | 1:",
        "1: | 6:7 2:m | 5:7 | 1: | 1: | 4: | 1: 5:7 | 1:",
        "4: | 1: | 5:7 | 1:",
        "1: | 5:7 | 1: | 1: | 4: | 1: | 2:m 5:7 | 1:",
    ),
}
CLOSES = {"minor": ("5:7", "1:m"), "harmonic minor": ("5:7", "1:m"), "major": ("5:7", "1:")}
"""The two chords of chan-chan."""


@dataclass(frozen=True, slots=True)
class Feel:
    """One way to walk through a bar: what the band strikes, what the bass does, and the beats that are slid into."""

    band: str
    bass: str
    slides: tuple[float, ...] = ()


FEELS: Mapping[str, Mapping[str, Feel]] = {
    "duple": {
        "marcato": Feel("X...x...X...x...", "X-..x-..X-..x-..", (0.0,)),
        "en dos": Feel("X...o...X...o...", "X---....X---....", (2.0,)),
        "sincopa": Feel("x.X---x.x...x...", "x.X---x-X-..x-..", (0.0,)),
        "yumba": Feel("X---o...X---o...", "X---o-..X---o-..", (0.0, 2.0)),
        "tres": Feel("X.....X.....X...", "X-----X-----X---"),
        "milonga": Feel("X..xX.x.", "X--xX-x-"),
    },
    "triple": {
        "vals": Feel("....x...x...", "X-----------"),
        "vals en dos": Feel("X...x...x...", "X-------x---", (0.0,)),
        "hemiola": Feel("X.....X.....", "X-----X-----"),
    },
    "compound": {
        "vals": Feel("..x.x...x.x.", "X-----x-----"),
        "vals en dos": Feel("X...x.X...x.", "X---x-X---x-", (0.0,)),
        "hemiola": Feel("X...X...X...", "X---X---X---"),
    },
}
WALKS: Mapping[str, tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]] = {
    "duple": (
        (
            ("marcato", "marcato", "marcato", "sincopa"),
            ("marcato", "sincopa", "marcato", "sincopa"),
            ("yumba", "yumba", "marcato", "sincopa"),
            ("en dos", "en dos", "marcato", "sincopa"),
        ),
        (
            ("tres", "tres", "tres", "marcato"),
            ("sincopa", "marcato", "sincopa", "tres"),
            ("yumba", "yumba", "yumba", "tres"),
            ("milonga", "milonga", "milonga", "sincopa"),
        ),
    ),
    "triple": (
        (("vals", "vals", "vals", "vals en dos"), ("vals en dos", "vals", "vals en dos", "vals")),
        (("vals en dos", "vals en dos", "vals", "hemiola"), ("vals", "vals", "hemiola", "vals")),
    ),
}
"""Four bars of verses and of choruses, by kind of metre; compound metres walk as triple ones do."""
BITTEN = {
    "duple": (
        ("x.x.X.x.x.x.X---", "xxxxX-x.X---...."),
        ("..xxX-x.x.xxX-x.", "x.x.x.x.X---...."),
        ("x.xxx.xxX-x.x.x.", "X---x.x.X---...."),
        ("..x.x.x.X-x.X-x.", "x.x.x.x.X-----.."),
        ("xxxxX-x.xxxxX-x.", "x.x.X-x.X---...."),
        ("X---..x.x.xxX---", "..x.x.xxX---...."),
    ),
    "triple": (
        ("x.x.x.x.x.x.", "X---x.x.X---"),
        ("X---x.x.x.x.", "x.x.X-------"),
        ("..x.x.x.X---", "x.x.x.x.X---"),
    ),
}
SUNG = {
    "duple": (
        ("X-------x---x-x-", "X-----x-X---...."),
        ("..x-x-x-X-----x-", "X-------....x-x-"),
        ("X-----x-x-x-x-x-", "X-----------...."),
        ("x---X-----x-x-x-", "x-x-X-------...."),
        ("X---x---X---x-x-", "x-x-x-x-X---...."),
        ("..x-x-x-x---X---", "x-----x-X-------"),
    ),
    "triple": (
        ("X-----------", "x---x---x---"),
        ("X-------x-x-", "X-------...."),
        ("..x-x-x-x-x-", "X-----------"),
        ("X-----x-x---", "x---X-------"),
    ),
}
VERSE = tune.Manner(
    rhythms=BITTEN,
    scheme="aabc",
    centre=70,
    reach=9,
    rub=1.2,
    length=0.9,
    leaps=1.4,
    leaning=0.24,
    borne=0.4,
)
CHORUS = tune.Manner(
    rhythms=SUNG,
    scheme="abac",
    centre=71,
    reach=10,
    rub=1.2,
    length=0.98,
    leaps=1.4,
    leaning=0.24,
    borne=0.4,
)
ROUND_BARS = 18
"""Bars below which a chorus has the chords of the verse."""
SLIDE = 0.19
"""Beats that a slide takes; more would be a note of its own."""
SHORT = 0.46
"""Beats of a stroke that is bitten off."""
OFTEN_TURNED, LONG_NOTE = 0.25, 1.0
LOW, TENOR, FILLED = 40, 51, 72
"""Around which pitches a left hand strikes on strong and on weak beats, and around which the piano fills."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Minor around its dominant; a section ends on dominant and tonic, the last one leaves the tonic to the last chord."""
    laid = changes.by_section(chart, plan, _loops(plan))
    words = CLOSES.get(plan.key.mode)
    if words is None:
        return laid
    final = chart[-1].section
    closing = [
        changes.in_bar(words[:1] if bar.section is final else words, bar, plan)
        if closes(bar, plan)
        else bar.chords
        for bar in laid
    ]
    return ground.with_chords(laid, closing)


def _loops(plan: Plan) -> Mapping[str, Sequence[str]]:
    """Four bars for all sections of a piece that is too short for other ones to come again."""
    if plan.bars >= ROUND_BARS:
        return CHANGES
    dice = ground.agreed(plan, "round")
    chosen = {mode: loops[int(dice.integers(len(loops)))] for mode, loops in CHANGES.items()}
    return {mode: (" | ".join(loop.split(" | ")[:4]),) for mode, loop in chosen.items()}


def closes(bar: Bar, plan: Plan) -> bool:
    """Whether a bar is that of chan-chan: the last of a section that is more than a tail, and of the piece."""
    return bar.is_last and bar.section.bars > (1 if _is_final(bar, plan) else 2)


def _is_final(bar: Bar, plan: Plan) -> bool:
    return bar.section is plan.sections[-1]


def chan_chan(bar: Bar, plan: Plan) -> tuple[float, float]:
    """The two offsets that everybody strikes in a closing bar."""
    if len(bar.chords) > 1:
        return 0.0, bar.chords[1].start - bar.start
    pulse = theory.pulse(plan.metre)
    return 0.0, pulse * round(bar.beats / pulse / 2)


def feels_of(bars: Sequence[Bar], plan: Plan) -> list[Feel]:
    """How each bar is walked; all players agree."""
    kind = ground.kind(plan.metre)
    dice = ground.agreed(plan, "walk")
    walks = [
        kept[int(dice.integers(len(kept)))]
        for kept in WALKS["duple" if kind == "duple" else "triple"]
    ]
    chosen = ((bar, walks[1 if bar.is_peak else 0]) for bar in bars)
    return [FEELS[kind][walk[bar.place % len(walk)]] for bar, walk in chosen]


def strokes_of(line: str, bar: Bar, plan: Plan) -> list[tuple[float, float, str]]:
    """Offset, length and symbol of what is struck in a bar."""
    if not closes(bar, plan):
        return list(ground.strokes(line, bar.beats))
    first, second = chan_chan(bar, plan)
    return [(first, 0.5, "X"), *([(second, 0.5, "x")] if first < second < bar.beats else [])]


def march(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """Chords bitten off on the beat; reeds and bows swell into some of them, pianos and guitars have a left hand, or a thumb."""
    known = INSTRUMENTS[voice.instrument]
    swells, left_hand = known.sustained, known.family in {"keys", "plucked"} and known.low <= LOW
    previous: tuple[int, ...] = ()
    events: list[Event] = []
    for bar, feel in zip(bars, feels_of(bars, plan), strict=True):
        strength = ground.strength(bar)
        for offset, length, symbol in strokes_of(feel.band, bar, plan):
            chord = bar.chord_at(offset)
            previous = voice_chord(chord, voice, previous)
            start, loud = bar.start + offset, 0.78 * ground.LOUDNESS[symbol] * strength
            sounding = max(SHORT, 0.85 * length) if length > 0.25 else SHORT
            struck = set(previous)
            if left_hand:
                own, deep = (chord.root, LOW) if symbol == "X" else (chord.notes[-1], TENOR)
                struck.add(ground.closest(own, deep, voice.instrument))
            events += [(start, sounding, pitch, loud) for pitch in sorted(struck)]
            if swells and offset in feel.slides and start > bars[0].start:
                events += [(start - SLIDE, SLIDE, pitch, 0.4 * loud) for pitch in previous[-2:]]
    return ground.within(_renewed(events), bars)


def _renewed(events: Sequence[Event]) -> list[Event]:
    """A key that is struck again ends its former note."""
    kept: list[Event] = []
    last: dict[int, int] = {}
    for start, length, pitch, loud in sorted(events):
        before = last.get(pitch)
        if before is not None:
            kept[before] = (
                kept[before][0],
                min(kept[before][1], start - kept[before][0]),
                *kept[before][2:],
            )
        last[pitch] = len(kept)
        kept.append((start, length, pitch, loud))
    return kept


def low(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The bass bows what the band strikes, the root and other notes of the chord, and slides into the accents."""
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    rolls = dice.random((4, 16)).tolist()
    events: list[Event] = []
    for bar, feel in zip(bars, feels_of(bars, plan), strict=True):
        for n, (offset, length, symbol) in enumerate(strokes_of(feel.bass, bar, plan)):
            chord = bar.chord_at(offset)
            begins = n == 0 or abs(bar.start + offset - chord.start) < 1e-6
            others = (chord.root, *chord.notes[1:3])
            roll = 0.0 if begins else rolls[bar.index % 4][n]
            pitch = ground.closest(others[int(len(others) * roll)], known.low + 9, voice.instrument)
            start, loud = bar.start + offset, 0.82 * ground.LOUDNESS[symbol] * ground.strength(bar)
            events.append((start, 0.9 * length if length > 0.25 else SHORT, pitch, loud))
            if offset in feel.slides and start > bars[0].start and not closes(bar, plan):
                below = [p for p in range(pitch - 4, pitch) if p % 12 in scale and p >= known.low]
                each = SLIDE / max(1, len(below[-2:]))
                events += [
                    (start - SLIDE + k * each, each, p, (0.35 + 0.1 * k) * loud)
                    for k, p in enumerate(below[-2:])
                ]
        if closes(bar, plan) and not _is_final(bar, plan):
            events += _pickup(bar, plan, voice)
    return ground.within(_alone(events), bars)


def _pickup(bar: Bar, plan: Plan, voice: Voice) -> list[Event]:
    """The last beat of a closing bar: a step below what follows, or the fifth where that would rub."""
    known, scale = INSTRUMENTS[voice.instrument], theory.scale(plan.key)
    pulse = theory.pulse(plan.metre)
    chord = bar.chord_at(bar.beats - pulse)
    root = ground.closest(bar.next_chord.root, known.low + 9, voice.instrument)
    beside = {(note - 1) % 12 for note in chord.notes}
    below = [p for p in range(root - 2, root) if p % 12 in scale - beside and p >= known.low]
    fifth = ground.closest((chord.root + 7) % 12, known.low + 9, voice.instrument)
    pitch = below[-1] if below else fifth
    return [(bar.start + bar.beats - pulse, 0.85 * pulse, pitch, 0.6 * ground.strength(bar))]


def _alone(events: Sequence[Event]) -> list[Event]:
    """One note at a time."""
    ordered = sorted(events)
    ends = [*(event[0] for event in ordered[1:]), float("inf")]
    return [
        (start, min(length, end - start), pitch, loud)
        for (start, length, pitch, loud), end in zip(ordered, ends, strict=False)
    ]


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Verses bitten off, choruses sung, and everybody's two chords where a section ends."""
    parts = (
        ([bar for bar in bars if not bar.is_peak], VERSE),
        ([bar for bar in bars if bar.is_peak], CHORUS),
    )
    events = sorted(
        event for own, manner in parts for event in tune.sing(own, plan, voice, dice, manner)
    )
    closed = polish.answered(_closed(events, bars, plan, voice), bars, plan, voice)
    closed = polish.eased(closed, bars, plan, voice)
    return ground.within(_dressed(closed, plan, voice, dice), bars)


def _dressed(
    events: Sequence[Event], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Turns around some of the longer notes, the same each time the phrase comes."""
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    rolls = dice.random(round(8 * plan.metre.beats)).tolist()
    dressed: list[Event] = []
    for event in events:
        around = ornaments.beside(event[2], scale, known)
        often = rolls[round(4 * event[0]) % len(rolls)] < OFTEN_TURNED
        long = LONG_NOTE <= event[1] < 2 * LONG_NOTE
        dressed += ornaments.turned(event, *around) if around and often and long else [event]
    return dressed


def _closed(events: Sequence[Event], bars: Sequence[Bar], plan: Plan, voice: Voice) -> list[Event]:
    """The tune with chan-chan at the end of each section, between what was sung before and what comes after."""
    closed = list(events)
    for bar in (bar for bar in bars if closes(bar, plan)):
        offsets = chan_chan(bar, plan)[0 if len(bar.chords) > 1 else 1 :]
        begin, until = bar.start + offsets[0] - 1e-6, bar.start + bar.beats - 1e-6
        before = [(at, min(n, begin - at), p, v) for at, n, p, v in closed if at < begin]
        after = [event for event in closed if event[0] >= until]
        around = [event[2] for event in (*before[-1:], *after[:1])]
        near = sum(around) / len(around) if around else VERSE.centre
        chords: list[Event] = []
        for offset in offsets:
            chord = bar.chord_at(offset)
            tonic = chord.root == plan.key.tonic
            # Steps away from the tonic: the leading note, and the second degree above.
            notes = (chord.root,) if tonic or len(chord.notes) < 3 else chord.notes[1:3]
            rungs = ground.ladder(notes, voice.instrument, VERSE.centre, VERSE.reach + 4)
            near = ground.nearest(rungs, near)
            chords.append((bar.start + offset, 0.45, near, 0.7 if tonic else 0.92))
        closed = [*before, *chords, *after]
    return closed


def fill(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Between two phrases: runs and broken chords that lead over; octaves where a phrase begins."""
    often = float(dice.uniform(0.35, 0.8))
    rolls = dice.random(8).tolist()
    rising = (dice.random(8) < 0.5).tolist()
    pulse = theory.pulse(plan.metre)
    events: list[Event] = []
    for bar in bars:
        loud = 0.5 + 0.16 * bar.intensity
        up = rising[bar.place % 8]
        if closes(bar, plan):
            events += _octave(bar, voice, loud)
            events += [] if _is_final(bar, plan) else _run(bar, plan, voice, loud, pulse, up=up)
        elif bar.place % 2 == 0:
            events += _octave(bar, voice, loud)
        elif bar.place % 4 == 3 or rolls[bar.place % 8] < often:
            events += _run(bar, plan, voice, loud, bar.beats / 2, up=up)
    if bars and not events:
        events = _octave(bars[0], voice, 0.5)
    return ground.within(events, bars)


def _octave(bar: Bar, voice: Voice, loud: float) -> list[Event]:
    root = ground.closest(bar.chords[0].root, FILLED, voice.instrument)
    upper = ground.closest(root % 12, root + 12, voice.instrument)
    return [(bar.start, 0.45, pitch, loud) for pitch in sorted({root, upper})]


def _run(bar: Bar, plan: Plan, voice: Voice, loud: float, beats: float, *, up: bool) -> list[Event]:
    """The last beats of a bar in sixteenths along the scale, or in eighths through the chord, into what follows."""
    quick = bar.place % 4 == 3
    step = 0.25 if quick else 0.5
    goal = ground.closest(bar.next_chord.root, FILLED, voice.instrument)
    chord = bar.chord_at(bar.beats - beats)
    classes = theory.scale(plan.key) if quick else frozenset(chord.notes)
    count = int(beats / step + 1e-6)
    known = INSTRUMENTS[voice.instrument]
    way = -1 if up else 1
    pitches = [p for p in range(goal + way, goal + 25 * way, way) if p % 12 in classes]
    pitches = [p for p in pitches if known.low <= p <= known.high][:count]
    first = bar.start + bar.beats - step * len(pitches)
    return [
        (first + n * step, 0.95 * step, pitch, loud * (0.8 + 0.2 * n / count))
        for n, pitch in enumerate(reversed(pitches))
    ]


def bow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The strings: with the band in verses, long chords under the tune of a chorus."""
    bitten = march([bar for bar in bars if not bar.is_peak], plan, voice, dice)
    held = hold_pad([bar for bar in bars if bar.is_peak], plan, voice, dice)
    return ground.within([*bitten, *held], bars)


PLAYERS = {
    Role.LEAD: sing,
    Role.COMP: march,
    Role.PAD: bow,
    Role.BASS: low,
    Role.ARP: fill,
}
