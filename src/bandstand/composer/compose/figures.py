"""Measures of a score: how a piece moves, repeats itself, agrees with itself. Numbers only; `critic.py` says which are good.

Sources: pitch-class entropy and grooving similarity after Wu and Yang ("The Jazz Transformer on the Front Line",
ISMIR 2020); the key profiles of Albrecht and Shanahan ("The Use of Large Corpora to Train a New Type of Key-Finding
Algorithm", Music Perception 31/1, 2013).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.score import Chord, Key, Metre, Part, Role, Section

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
WEIGHTS: dict[Role, float] = {
    Role.LEAD: 1.0,
    Role.COUNTER: 0.6,
    Role.COMP: 0.55,
    Role.PAD: 0.4,
    Role.ARP: 0.47,
    Role.BASS: 0.55,
    Role.DRONE: 0.35,
}
"""How loud a role is in the mix."""
LATE = 0.06
"""Beats by which hands may miss the grid."""
SWUNG = 0.3
"""Sixteenths added before cutting off: what is swung comes up to two thirds late, and hands miss by a tenth."""
LEAP, WIDE, STEP = 7, 4, 2
BLUE_NOTES = (3, 6, 10)
SHORTEST_LAG, LONGEST_LAG = 4, 32
HOLDING = 0.9
"""Of the notes of a part, those of the only chord from which on it is a drone."""
FEWEST_PAIRS = 20
"""Pitches that sound together, below which nothing is said of their rubbing."""
FULL = 0.5
"""Notes a beat from which on a stretch has something to say about its variety."""

Row = tuple[float, float, int]
"""A note of the tune: start and length in beats, pitch."""
Grid = NDArray[np.float64]


def tuned(parts: Iterable[Part]) -> list[Part]:
    """The parts that have pitches."""
    return [part for part in parts if INSTRUMENTS[part.instrument].family != "kit"]


def topmost(tune: Iterable[Row]) -> list[Row]:
    """One note at a time: the highest of those that begin together."""
    line: list[Row] = []
    for row in tune:
        if line and row[0] - line[-1][0] < LATE:
            line[-1] = max(line[-1], row, key=lambda one: one[2])
        else:
            line.append(row)
    return line


def moves(tune: Sequence[Row], rest: float = float("inf")) -> list[int]:
    """Semitones from each note to the next; a rest of so many beats parts two phrases."""
    return [
        after[2] - before[2]
        for before, after in pairwise(tune)
        if after[0] - before[0] - before[1] < rest
    ]


def step_share(intervals: Sequence[int]) -> float:
    """Of the moves, those of a whole tone at most."""
    return sum(abs(move) <= STEP for move in intervals) / max(1, len(intervals))


def leap_share(intervals: Sequence[int]) -> float:
    """Of the moves, those wider than a fifth."""
    return sum(abs(move) > LEAP for move in intervals) / max(1, len(intervals))


def answered_leaps(intervals: Sequence[int]) -> float:
    """Of the leaps, those that are followed by a step back; two leaps say nothing."""
    answers = [
        leap * after < 0 and abs(after) <= STEP
        for leap, after in pairwise(intervals)
        if abs(leap) > WIDE
    ]
    return sum(answers) / len(answers) if len(answers) > 2 else 1.0


def strong_share(tune: Sequence[Row], chords: Sequence[Chord], pulse: float = 1.0) -> float | None:
    """Of the notes that begin on a pulse, those that belong to the chord; None where there is no such note.

    Bare fifths say nothing about a third.
    """
    starts = [chord.start for chord in chords]
    found: list[bool] = []
    for start, _, pitch in tune:
        if abs(start - pulse * round(start / pulse)) < LATE:
            chord = chords[max(0, bisect_right(starts, start + LATE) - 1)]
            if len(chord.notes) > 2:
                found.append(pitch % 12 in chord.notes)
    return sum(found) / len(found) if found else None


def distinct_share(tune: Sequence[Row], beats: float, key: Key) -> float:
    """Distinct bars of the tune per bar that has one, wherever they begin on the scale."""
    scale = theory.MODES[key.mode]
    bars: dict[int, list[tuple[int, int]]] = {}
    for start, _, pitch in tune:
        bar = int((start + 2 * LATE) // beats)
        octave, above = divmod(pitch - key.tonic, 12)
        step = octave * len(scale) + sum(n <= above for n in scale)
        bars.setdefault(bar, []).append((int(4 * (start - bar * beats) + SWUNG), step))
    shapes = {tuple((at, step - bar[0][1]) for at, step in bar) for bar in bars.values()}
    return len(shapes) / max(1, len(bars))


def rest_share(tune: Sequence[Row], beats: float) -> float:
    """Silence between the notes, of the bars in which there are any."""
    sung = {int(start // beats) for start, _, _ in tune}
    sounding = sum(length for _, length, _ in tune)
    return max(0.0, 1.0 - sounding / max(beats, beats * len(sung)))


def longest_breath(tune: Sequence[Row], gap: float) -> float:
    """Beats that the tune goes on at most without a rest of `gap` beats."""
    longest, begun, sung = 0.0, 0.0, -1e9
    for start, length, _ in tune:
        if start - sung >= gap:
            begun = start
        sung = max(sung, start + length)
        longest = max(longest, sung - begun)
    return longest


def span(tune: Sequence[Row]) -> int:
    """Semitones from the lowest to the highest note, without the rarest at both ends."""
    pitches = sorted(pitch for _, _, pitch in tune)
    cut = len(pitches) // 25
    return pitches[-1 - cut] - pitches[cut] if pitches else 0


def peaks(tune: Sequence[Row], sections: Sequence[Section], beats: float) -> float:
    """Of the sections, those whose highest note is sung in one place only."""
    single: list[bool] = []
    for section in sections:
        first, end = section.first_bar * beats, (section.first_bar + section.bars) * beats
        notes = [(start, pitch) for start, _, pitch in tune if first <= start < end]
        if len(notes) > 4:
            top = max(pitch for _, pitch in notes)
            places = [start for start, pitch in notes if pitch == top]
            single.append(places[-1] - places[0] <= 2 * beats)
    return sum(single) / len(single) if single else 1.0


def inside_share(parts: Sequence[Part], key: Key, *, blue: bool = False) -> float:
    """Of the notes, those of the scale, and the blue ones where these belong to it."""
    scale = theory.scale(key) | {(key.tonic + step) % 12 for step in BLUE_NOTES if blue}
    found = [note.pitch % 12 in scale for part in tuned(parts) for note in part.notes]
    return sum(found) / max(1, len(found))


def is_drone(part: Part, chords: Sequence[Chord]) -> bool:
    """Whether a part has that role, or holds the only chord of a piece in which no chord changes.

    chords  without the last one of the piece
    """
    if part.role is Role.DRONE:
        return True
    only = {frozenset(chord.notes) for chord in chords}
    if len(only) != 1:
        return False
    inside = sum(note.pitch % 12 in next(iter(only)) for note in part.notes)
    return inside >= HOLDING * len(part.notes)


def rub_share(parts: Sequence[Part], beats: float, chords: Sequence[Chord] = ()) -> float:
    """Of the pairs of pitches that sound together on an eighth, those a minor second or ninth apart; a drone is there
    to rub.
    """
    sounding = np.zeros((128, max(1, int(2 * beats) + 1)), dtype=bool)
    for part in (part for part in tuned(parts) if not is_drone(part, chords)):
        for note in part.notes:
            first = int(np.ceil(2 * note.start - 0.35))
            end = int(np.ceil(2 * (note.start + note.length) - 0.1))
            sounding[note.pitch, max(0, first) : max(0, end)] = True
    count = sounding.sum(axis=0)
    pairs = float((count * (count - 1) / 2).sum())
    rubs = sum(float((sounding[:-gap] & sounding[gap:]).sum()) for gap in range(1, 128, 12))
    return rubs / pairs if pairs >= FEWEST_PAIRS else 0.0


def chroma(parts: Sequence[Part], beats: float) -> Grid:
    """How much of each pitch class sounds in each beat: [12, beats]."""
    sounding = np.zeros((12, max(1, int(np.ceil(beats)))))
    for part in tuned(parts):
        for note in part.notes:
            first, end = int(note.start + LATE), note.start + note.length
            for beat in range(first, min(int(np.ceil(end - LATE)), sounding.shape[1])):
                shared = min(end, beat + 1.0) - max(note.start, beat)
                sounding[note.pitch % 12, beat] += WEIGHTS[part.role] * max(0.0, shared)
    return sounding


def entropy(struck: Grid, beats: int) -> float:
    """Bits of the pitch classes in stretches of so many beats, on average; of those that are not almost empty."""
    missing = -struck.shape[1] % beats
    classes = np.pad(struck, ((0, 0), (0, missing))).reshape(12, -1, beats).sum(axis=2)
    classes = classes[:, classes.sum(axis=0) >= FULL * beats]
    if classes.shape[1] == 0:
        return 0.0
    shares = classes / classes.sum(axis=0)
    return float(-(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=0).mean())


def struck(parts: Iterable[Part], beats: float) -> Grid:
    """How many notes of each pitch class begin in each beat: [12, beats]."""
    counted = np.zeros((12, max(1, int(np.ceil(beats)))))
    for part in tuned(parts):
        for note in part.notes:
            beat = int(note.start + 2 * LATE)
            if beat < counted.shape[1]:
                counted[note.pitch % 12, beat] += 1.0
    return counted


def sketched(tune: Sequence[Row], chords: Sequence[Chord], beats: float) -> Grid:
    """About how many notes of each pitch class will begin in each beat, when a band plays these chords: [12, beats]."""
    counted = np.zeros((12, max(1, int(np.ceil(beats)))))
    for chord in chords:
        first, end = round(chord.start), round(chord.start + chord.length)
        counted[list(chord.notes[:4]), first:end] += 1.0
        counted[chord.root, first:end] += 1.0
    for start, _, pitch in tune:
        beat = int(start + 2 * LATE)
        if beat < counted.shape[1]:
            counted[pitch % 12, beat] += 1.0
    return counted


def repetition(sounding: Grid) -> tuple[float, int]:
    """How like itself a piece is after the best lag in beats, and that lag; half of it is heard again at least."""
    unit = sounding / np.maximum(np.linalg.norm(sounding, axis=0), 1e-9)
    alike = unit.T @ unit
    lags = range(SHORTEST_LAG, min(LONGEST_LAG, sounding.shape[1] // 2) + 1)
    likeness = {lag: float(np.diagonal(alike, lag).mean()) for lag in lags}
    best = max(likeness, key=likeness.__getitem__, default=0)
    return likeness.get(best, 0.0), best


def groove_likeness(parts: Sequence[Part], bars: int, metre: Metre) -> float:
    """One minus the share of sixteenths at which one bar has an onset and another has none, over all pairs.

    Of what is struck, or of everybody where nothing is.
    """
    drums = [part for part in parts if INSTRUMENTS[part.instrument].family == "kit"]
    steps = round(4 * metre.beats)
    onsets = np.zeros(bars * steps, dtype=bool)
    for part in drums or parts:
        starts = np.array([note.start for note in part.notes])
        at = np.floor(4 * starts + SWUNG).astype(np.int64)
        onsets[at[at < len(onsets)]] = True
    if bars < 2:
        return 1.0
    share = onsets.reshape(bars, steps).mean(axis=0)
    # A step struck in k of n bars differs in k (n - k) of the n (n - 1) / 2 pairs.
    return float(1.0 - (2.0 * share * (1.0 - share)).mean() * bars / (bars - 1))


def key_margin(parts: Iterable[Part], key: Key) -> float:
    """How much better the written key fits the notes than the next best one: -2..2, negative when it is not the best."""
    heard = np.zeros(12)
    for part in tuned(parts):
        for note in part.notes:
            heard[note.pitch % 12] += WEIGHTS[part.role] * note.length * note.velocity
    return margin(heard, key)


def sketched_margin(tune: Sequence[Row], chords: Sequence[Chord], key: Key) -> float:
    """The same of a tune and its chords alone, as a band would play them."""
    heard = np.zeros(12)
    for _, length, pitch in tune:
        heard[pitch % 12] += WEIGHTS[Role.LEAD] * length
    for chord in chords:
        heard[chord.root] += WEIGHTS[Role.BASS] * chord.length
        for note in chord.notes:
            heard[note] += WEIGHTS[Role.COMP] * chord.length
    return margin(heard, key)


def margin(heard: Grid, key: Key) -> float:
    """The same of weights of the twelve pitch classes."""
    deviation = heard - heard.mean()
    size = float(np.linalg.norm(deviation))
    if size < 1e-9:
        return 0.0
    fits = _profiles() @ deviation / size
    meant = key.tonic + (12 if theory.family(key.mode) == "minor" else 0)
    return float(fits[meant] - np.delete(fits, meant).max())


@cache
def _profiles() -> Grid:
    """The profiles of twelve major and twelve minor keys, each of length one around its mean: [24, 12]."""
    rolled = np.array([np.roll(profile, n) for profile in (MAJOR, MINOR) for n in range(12)])
    rolled -= rolled.mean(axis=1, keepdims=True)
    return rolled / np.linalg.norm(rolled, axis=1, keepdims=True)
