"""Gospel: a leader who calls and a choir that answers, a piano that walks up into every chord, an organ that swells.

Slow pieces are in twelve: three strokes to each beat, whatever the metre is written as. Fast ones shuffle, and their
choruses drive: claps on two and four, the tambourine without rest. Diminished chords pass for a beat, the fourth turns
minor on its way home, and at the end of a round the dominants follow each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.drive import driven
from bandstand.composer.compose.idioms import changes, ground, lines, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, SECTIONS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

SLOW = 88.0
"""Quarters a minute below which a beat has three strokes."""
CHANGES = {
    "major": (
        "1 | 4 4 4 #4:dim | 1 6:m7 | 2:m7 5:7 | 1 | 4 1 | 1 6:7 2:7 5:7 | 1",
        "1 1 5:7 5:7 | 1 | 4 4 4 4:m | 1 | 1 | 4 4 4 #4:dim | 1 1 5:7 5:7 | 1 4 1 1",
        "1 | 4 1 | 1 1 1 #1:dim | 2:m7 5:7 | 1 | 6:m7 1 | 4 4 4 4:m | 1",
        "1 | 3:m7 | 4 1 | 2:m7 2:m7 5:7 b2:7 | 1 | 4 1 | 1 6:m7 | 2:m7 5:7",
        "1 | 4 4 4 4:m | 1 6:m7 | 2:m7 5:7 | 1 1 1 1:7 | 4 1 | 1 1 5:7 5:7 | 1",
        "1 5 | 6:m7 | 4 4 4 #4:dim | 1 | 1 | 2:m7 5:7 | 1 1 4 4:m | 1",
    ),
    "minor": (
        "1:m7 | 1:m7 | 4:m7 | 4:m7 1:m7 | 1:m7 | b6 b7 | 2:m7b5 5:7 | 1:m7",
        "1:m | 4:m7 1:m | 1:m | 5:7 | 1:m | 4:m7 #4:dim | 1:m 5:7 | 1:m",
        "1:m7 | b7 | b6 | 5:7 | 1:m7 | 4:m7 | 1:m7 5:7 | 1:m7",
        "1:m7 | 4:m7 | b7:7 | b3 | 4:m7 1:m7 | b6 5:7 | 1:m7 | 1:m7",
    ),
    "mixolydian": (
        "1 | b7 4 | 1 | 1 | 4 | b7 4 | 1 | 1",
        "1 | 1 | b7 | 4 | 1 | 2:m7 | b7 4 | 1",
        "1 | 5:m7 4 | 1 | b7 | 1 | 4 | b7 5:m7 | 1",
        "1 4 | 1 | b7 4 | 1 | 1 6:m7 | b7 | 4 | 1",
    ),
}
# A bar in twelve, and one that shuffles: X with weight, x and o lighter.
TWELVES = ("X.xX.xX.xX.x", "X..x.xX..x.x", "X.xx.xX.xxxx", "X..X.xX..X.x")
SHUFFLES = ("X---x-x-X---x-x-", "X---X-x---x-X-x-", "X-x-..x-X-x-..x-", "X-----x-X---x-x-")
WALKING = ("1---3---5---6---", "1---3---5---3---", "1-1-3---5-5-6---", "1---5---6---5---")
ROLLING = ("1....51..5..", "1..1.51..5.3", "1....51.35..", "1..3..5..3..")
BEATS: Sequence[Mapping[str, str]] = (
    {"kick": "X.......X.x.....", "snare": "....X.......X...", "hat": "x.o.x.o.x.o.x.o."},
    {"kick": "X.....x.X.......", "snare": "....X.......X..o", "ride": "x.o.x.o.x.o.x.o."},
    {"kick": "X...x...X.....x.", "snare": "....X.......X...", "hat": "x.x.x.o.x.x.x.o."},
)
DRIVING: Sequence[Mapping[str, str]] = (
    {"kick": "X...X...X...X...", "snare": "....X.......X...", "tambourine": "x.X.x.X.x.X.x.X."},
    {"kick": "X...X...X.x.X...", "snare": "....X..o....X..o", "ride": "x.x.x.x.x.x.x.x."},
    {"kick": "X.x.X...X.x.X...", "snare": "....X.......X.x.", "tambourine": "o.X.o.X.o.X.o.X."},
)
CLAPS = "....X.......X..."
TWELVE_BEATS: Sequence[Mapping[str, str]] = (
    {"kick": "X.......x...", "snare": "...X.....X..", "hat": "xooxooxoox.o"},
    {
        "kick": "X.....X.x...",
        "snare": "...X.....X..",
        "ride": "x.ox.ox.ox.o",
        "pedal": "...o.....o..",
    },
    {"kick": "X....xX.....", "snare": "...X..o..X.o", "hat": "xoxx.oxx.oxo"},
)
TWELVE_CLAPS = "...x.....x.."
FILL = {"snare": "....X.x.X.x.X.x.", "tom-high": "........x.......", "tom-low": "..........x....."}
TWELVE_FILL = {"snare": "...X..xxxXxx", "tom-mid": "......x.....", "kick": "X..........."}
TURNS = ("......o.......x.", "..o.......o.....", "..........x...o.", "......x.........")
TWELVE_TURNS = (".....o.....x", "..o....x....", "........o..x", ".....x..o...")
QUIET, KEPT = 0.5, 0.88
CALLS = {
    "duple": (
        ("X---x-x-x-x-X---", "x---............"),
        ("..x-x-x-X-----x-", "x-x-X-----......"),
        ("X-----x-X---x-x-", "X-------........"),
        ("....X---x-x-x---", "x-x-X-x-........"),
        ("x-x-X---..x-x-x-", "X---............"),
        ("X-------x-x-x-x-", "x---X-----......"),
        ("x-x-x-x-X---x---", "x-----x-X---...."),
        ("..X---x-X---x-x-", "x---x---x-......"),
        ("x---x---x-x-X---", "..x-x-X---......"),
        ("X-x-x---X-x-x---", "x-X-----........"),
        ("......x-X---x-x-", "x---X-x-x---...."),
        ("X---x-x-x---x-x-", "x-x-X-----......"),
        ("....x-x-X-----x-", "X---x---x-......"),
    ),
    "triple": (("X---x-x-x-x-", "X---........"), ("..x-x-x-X---", "x-x-X---....")),
    "compound": (
        ("X---x-x-x-x-", "X-----......"),
        ("..x-x-X---x-", "x-x-X-......"),
        ("X-----x-x-x-", "X-----......"),
        ("x-x-x-X---x-", "x---X-......"),
    ),
}
CALL = tune.Manner(
    rhythms=CALLS, scheme="aaba", centre=69, reach=9, length=0.95, rub=1.4, leaps=1.1
)
GAP, WORDS = 0.9, 4
"""Beats of silence that the choir answers in, and chords of an answer at most."""
AMEN = (1.0, 2.0)
"""Where it answers when nobody has called: these beats of every second bar."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    return changes.by_section(chart, plan, CHANGES)


def in_twelve(plan: Plan) -> bool:
    return plan.bpm < SLOW or ground.kind(plan.metre) == "compound"


def tick(plan: Plan) -> float:
    """Beats of a step: a third of a beat in twelve, or what the metre has three of."""
    if ground.kind(plan.metre) == "compound":
        return 0.5
    return 1.0 / 3.0 if in_twelve(plan) else 0.25


def walk_up(bar: Bar, plan: Plan) -> list[tuple[float, str]]:
    """Two steps into the next bar, where it has another root: offsets and degrees; bass and left hand agree."""
    last = bar.chord_at(bar.beats - 0.01)
    if bar.next_chord.root == last.root or bar.beats < 2.0:
        return []
    apart = tick(plan) if in_twelve(plan) else 0.5
    first = bar.beats - 2 * apart
    # A chord that passes in the last beat is itself the way up.
    return [] if last.start > bar.start + first - 1e-6 else [(first, "b"), (first + apart, "a")]


def play_bass(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Rolling in twelve, walking otherwise, and always into the next chord."""
    written = ROLLING if in_twelve(plan) else WALKING
    verse, chorus = (written[int(n)] for n in dice.permutation(len(written))[:2])
    events: list[Event] = []
    for bar in bars:
        line = chorus if bar.is_peak else verse
        led = walk_up(bar, plan)
        until = led[0][0] if led else bar.beats
        struck = [
            (offset, symbol)
            for offset, _, symbol in lines.strokes(line, bar, tick(plan))
            if offset < until - 1e-6
        ]
        struck += [(0.0 + chord.start - bar.start, "1") for chord in bar.chords]
        firsts = {round(chord.start - bar.start, 3) for chord in bar.chords}
        struck = [s for s in struck if s[1] == "1" or round(s[0], 3) not in firsts] + led
        struck = sorted({round(offset, 4): (offset, symbol) for offset, symbol in struck}.values())
        ends = [*(offset for offset, _ in struck[1:]), bar.beats]
        for (offset, symbol), end in zip(struck, ends, strict=True):
            pitch = lines.degree(symbol, bar, offset, plan, voice.instrument)
            loud = 0.78 + 0.12 * bar.intensity
            events.append((bar.start + offset, 0.9 * (end - offset), pitch, loud))
    return ground.within(events, bars)


def preach(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Octaves in the left hand, chords in the right; who has no left hand plays the chords."""
    written = TWELVES if in_twelve(plan) else SHUFFLES
    verse, chorus = (written[int(n)] for n in dice.permutation(len(written))[:2])
    events: list[Event] = []
    for bar in bars:
        loud = 0.62 * (0.8 + 0.25 * bar.intensity)
        strokes = list(lines.strokes(chorus if bar.is_peak else verse, bar, tick(plan)))
        if bar.intensity < QUIET:
            strokes = [stroke for stroke in strokes if stroke[2] == "X"]
        struck = {round(offset, 4): (offset, symbol) for offset, _, symbol in strokes}
        for chord in bar.chords:
            struck.setdefault(round(chord.start - bar.start, 4), (chord.start - bar.start, "X"))
        order = sorted(struck.values())
        ends = [*(offset for offset, _ in order[1:]), bar.beats]
        for (offset, symbol), end in zip(order, ends, strict=True):
            notes = ground.close(bar.chord_at(offset), voice.instrument, 65)
            held = 0.92 * min(end - offset, 1.5)
            events += [
                (bar.start + offset, held, pitch, loud * ground.LOUDNESS[symbol]) for pitch in notes
            ]
        if INSTRUMENTS[voice.instrument].family == "keys":
            events += _left_hand(bar, plan, voice, loud)
    return ground.within(ground.once(events), bars)


def _left_hand(bar: Bar, plan: Plan, voice: Voice, loud: float) -> list[Event]:
    led = walk_up(bar, plan)
    struck = [(chord.start - bar.start, "1") for chord in bar.chords] + led
    ends = [*(offset for offset, _ in struck[1:]), bar.beats]
    lowest = INSTRUMENTS[voice.instrument].low
    events: list[Event] = []
    for (offset, symbol), end in zip(struck, ends, strict=True):
        low = lines.degree(symbol, bar, offset, plan, "electric-bass") % 12
        pitch = lowest + (low - lowest) % 12
        events += [
            (bar.start + offset, 0.92 * min(end - offset, 2.0), octave, 0.7 * loud)
            for octave in (pitch, pitch + 12)
        ]
    return events


def swell(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The organ holds, and opens up towards the end of each phrase: another note on top with every beat."""
    known = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    for bar in bars:
        for chord in bar.chords:
            notes = ground.close(chord, voice.instrument, 62)
            loud = 0.42 + 0.14 * bar.intensity
            events += [(chord.start, 0.98 * chord.length, pitch, loud) for pitch in notes]
            if bar.place % 4 == 3 and chord.length >= 2.0:
                top = [p for p in range(notes[-1] + 1, known.high + 1) if p % 12 in chord.notes][:2]
                events += [
                    (chord.start + n, chord.length - n, pitch, loud + 0.06 * n)
                    for n, pitch in enumerate(top, 1)
                    if n < chord.length
                ]
    return ground.within(_joined(events), bars)


def _joined(events: Sequence[Event]) -> list[Event]:
    """A key that the next chord needs as well stays down, for two bars at most."""
    held: list[Event] = []
    latest: dict[int, int] = {}
    for start, length, pitch, loud in sorted(events):
        place = latest.get(pitch)
        before = held[place] if place is not None else None
        if (
            place is not None
            and before is not None
            and start - before[0] - before[1] < 0.1
            and start - before[0] < 8.0
        ):
            held[place] = (before[0], start + length - before[0], pitch, before[3])
        else:
            latest[pitch] = len(held)
            held.append((start, length, pitch, loud))
    return held


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The backbeat; claps where the choir stands up."""
    if voice.instrument in HANDS or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    twelve = in_twelve(plan)
    verse = (TWELVE_BEATS if twelve else BEATS)[int(dice.integers(3))]
    chorus = (TWELVE_BEATS if twelve else DRIVING)[int(dice.integers(3))]
    turns = (TWELVE_TURNS if twelve else TURNS)[int(dice.integers(4))]
    kept = dice.random((4, 16)).tolist()
    events: list[Event] = []
    for bar in bars:
        played = _struck(bar, chorus if bar.is_peak else verse, turns, twelve=twelve)
        strength = ground.strength(bar)
        for name, line in driven(played, min(plan.drive, 0.0), 3 if twelve else 4).items():
            for n, (offset, _, symbol) in enumerate(lines.strokes(line, bar, tick(plan))):
                if symbol == "o" and kept[bar.place % 4][n % 16] > KEPT:
                    continue
                length = ground.LENGTHS.get(name, ground.RINGING)
                loud = ground.LOUDNESS[symbol] * strength
                events.append((bar.start + offset, length, KEYS[name], loud))
        if bar.place == 0 and bar.index and bar.intensity >= QUIET:
            events.append((bar.start, 2.0, KEYS["crash"], 0.55 * strength))
    if bars and not events:
        events = [(bars[0].start, ground.RINGING, KEYS["kick"], 0.7)]
    return ground.within(ground.once(events), bars)


def _struck(bar: Bar, beat: Mapping[str, str], turns: str, *, twelve: bool) -> dict[str, str]:
    """The lines of a bar: a fill, or the beat with what comes on top."""
    if bar.is_last and bar.section.bars >= 4:
        return dict(TWELVE_FILL if twelve else FILL)
    played = dict(beat)
    if bar.is_peak:
        played["clap"] = TWELVE_CLAPS if twelve else CLAPS
    if bar.place % 2:
        played["pedal"] = turns
    return played


def call(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The leader, who leaves room."""
    return tune.sing(bars, plan, voice, dice, CALL)


def respond(
    bars: Sequence[Bar],
    called: Sequence[Event],
    _plan: Plan,
    voice: Voice,
    _dice: np.random.Generator,
) -> list[Event]:
    """The choir: the rhythm that was just called, in chords, as soon as the leader is silent."""
    events: list[Event] = []
    for bar in bars:
        inside = [e for e in called if bar.start <= e[0] < bar.start + bar.beats]
        heard = [e for e in called if bar.start - bar.beats <= e[0] < bar.start + bar.beats]
        free = max((e[0] + e[1] for e in inside), default=bar.start) - bar.start
        free = np.ceil(2 * free - 1e-6) / 2
        if bar.beats - free >= GAP and heard:
            places = _rhythm(heard[-WORDS:], bar.beats - free)
            events += _sung([free + place for place in places], bar, voice, 0.62)
        elif bar.place % 2 and not heard:
            events += _sung([place for place in AMEN if place < bar.beats], bar, voice, 0.6)
        elif bar.is_peak:
            events += _sung([chord.start - bar.start for chord in bar.chords], bar, voice, 0.45)
    return ground.within(events, bars)


def _rhythm(heard: Sequence[Event], room: float) -> list[float]:
    """Where the words of the call fell, as far as they find room."""
    first = heard[0][0]
    return [place for place in (round(2 * (e[0] - first)) / 2 for e in heard) if place < room - 0.4]


def _sung(places: Sequence[float], bar: Bar, voice: Voice, loud: float) -> list[Event]:
    """Chords at these places, each held to the next; players of one note have the one on top."""
    alone = voice.instrument not in SECTIONS and INSTRUMENTS[voice.instrument].family != "organ"
    ends = [*places[1:], bar.beats]
    events: list[Event] = []
    for place, end in zip(places, ends, strict=True):
        chord = bar.chord_at(place)
        notes = _harmony(chord, voice)
        room = min(end - place, chord.start + chord.length - bar.start - place)
        events += [
            (bar.start + place, 0.92 * room, pitch, loud)
            for pitch in (notes[-1:] if alone else notes)
        ]
    return events


def _harmony(chord: Chord, voice: Voice) -> tuple[int, ...]:
    return ground.close(chord, voice.instrument, 66, 3)


PLAYERS = {
    Role.LEAD: call,
    Role.COMP: preach,
    Role.PAD: swell,
    Role.BASS: play_bass,
    Role.DRUMS: drum,
}
LISTENERS = {Role.COUNTER: respond}
