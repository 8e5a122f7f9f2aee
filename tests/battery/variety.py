"""16, 29, 30: moods that can be heard, prompts that can be told apart, seeds that are no siblings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats

from bandstand.composer.score import Score
from battery.checks import Bound, Check
from battery.take import Take
from battery.work import mapped, spread

if TYPE_CHECKING:
    from battery.runner import Setting

GENRES = ("pop", "rock", "jazz", "electronic", "folk", "funk", "lo-fi", "house")
AROUSED = ("sleepy", "calm", "", "lively", "energetic")
"""From little to much arousal; the middle is a prompt that says nothing of it."""
MOOD_SECONDS = 15.0
SIBLINGS, FIRST_SIBLING = 8, 100
SIBLING_PROMPTS = 24
"""From all over the list: eight pieces of each take minutes to compose."""
TUNE_MAX = 48  # notes
GHOST = 0.5
Token = tuple[int, int]


def busyness(pair: tuple[str, int], seconds: float, rate: int) -> float:
    """Onsets heard in a second."""
    take = Take(*pair, seconds, rate)
    return len(take.onsets) / seconds


def _moods(setting: Setting) -> dict[str, list[float]]:
    """Of each genre: onsets per second for each word, mean of the seeds."""
    seconds = min(MOOD_SECONDS, setting.seconds)
    return _heard_moods(tuple(setting.seeds), seconds, setting.rate, setting.jobs)


@cache
def _heard_moods(
    seeds: tuple[int, ...], seconds: float, rate: int, jobs: int
) -> dict[str, list[float]]:
    pairs = [
        (f"{word} {genre} music".strip(), seed)
        for genre in GENRES
        for word in AROUSED
        for seed in seeds
    ]
    heard = np.array(list(mapped(partial(busyness, seconds=seconds, rate=rate), pairs, jobs)))
    means = heard.reshape(len(GENRES), len(AROUSED), len(seeds)).mean(axis=2)
    return dict(zip(GENRES, means.tolist(), strict=True))


def energetic_over_calm(setting: Setting) -> Iterator[tuple[str, None, float]]:
    for genre, means in _moods(setting).items():
        setting.say(f"{genre}: {', '.join(f'{mean:.1f}' for mean in means)} onsets a second")
        yield genre, None, means[-1] / max(means[1], 1e-9)


def follows_arousal(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """Spearman's rank correlation of the words' arousal with the onsets."""
    for genre, means in _moods(setting).items():
        rho = scipy.stats.spearmanr(range(len(means)), means).statistic
        yield genre, None, float(rho)


def _traits(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Traits [pieces, T], and the number of each one's prompt."""
    cards = setting.cards
    prompts = {prompt: n for n, prompt in enumerate(setting.prompts)}
    traits = np.array([card.traits for card in cards])
    labels = np.array([prompts[card.prompt] for card in cards])
    return traits, labels


def told_apart(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """Distance between pieces of different prompts over that between pieces of one."""
    if min(len(setting.seeds), len(setting.prompts)) > 1:
        yield "all prompts", None, between_over_within(*_traits(setting))


def between_over_within(traits: np.ndarray, labels: np.ndarray) -> float:
    """Every trait counts by how little it strays within a prompt: one that says nothing of the prompt adds but noise."""
    scaled = traits / _spread_within(traits, labels)
    apart = np.linalg.norm(scaled[:, None] - scaled[None, :], axis=2)
    same = labels[:, None] == labels[None, :]
    return float(apart[~same].mean() / apart[same & ~np.eye(len(labels), dtype=bool)].mean())


def _spread_within(traits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    kinds = [traits[labels == kind] for kind in np.unique(labels)]
    return np.sqrt(np.mean([kind.var(axis=0, ddof=1) for kind in kinds], axis=0) + 1e-9)


def pairs_recognised(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """For each prompt: how often its pieces lie nearer to its other pieces than to those of another prompt."""
    if min(len(setting.seeds), len(setting.prompts)) > 1:
        won = nearest(*_traits(setting))
        for number, prompt in enumerate(setting.prompts):
            yield prompt, None, float(won[number].mean())


def recognised(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """Whether each piece lies nearest to the other pieces of its prompt, among all prompts."""
    if min(len(setting.seeds), len(setting.prompts)) > 1:
        won = nearest(*_traits(setting)).reshape(len(setting.prompts), len(setting.seeds), -1)
        for number, prompt in enumerate(setting.prompts):
            for place, seed in enumerate(setting.seeds):
                yield prompt, seed, float(won[number, place].all())


def nearest(traits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """[prompts, seeds, other prompts]: whether a piece left out lies nearer to the centre of its own prompt."""
    kinds = np.unique(labels)
    scaled = traits / _spread_within(traits, labels)
    centres = np.array([scaled[labels == kind].mean(axis=0) for kind in kinds])
    won = []
    for kind in kinds:
        own = scaled[labels == kind]
        others = np.delete(centres, kind, axis=0)
        of_kind = []
        for place, piece in enumerate(own):
            home = np.linalg.norm(piece - np.delete(own, place, axis=0).mean(axis=0))
            of_kind.append(np.linalg.norm(others - piece, axis=1) > home)
        won.append(of_kind)
    return np.array(won)


def _siblings(setting: Setting) -> Iterator[tuple[str, list[Take]]]:
    for prompt in spread(setting.prompts, SIBLING_PROMPTS):
        yield prompt, _eight(prompt, setting.seconds, setting.rate)


@cache
def _eight(prompt: str, seconds: float, rate: int) -> list[Take]:
    """Composed, not played."""
    return [Take(prompt, FIRST_SIBLING + number, seconds, rate) for number in range(SIBLINGS)]


def nearest_tunes(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """Edit distance of the two of eight seeds whose tunes are most alike."""
    for prompt, takes in _siblings(setting):
        tunes = [tune for take in takes if len(tune := tokens(take)) >= 8]
        if len(tunes) > 1:
            yield prompt, None, min(edit_distance(a, b) for a, b in combinations(tunes, 2))


def tokens(take: Take) -> list[Token]:
    """The tune as intervals in semitones and eighths to wait."""
    tune = take.tune[: TUNE_MAX + 1]
    return [
        (after.pitch - before.pitch, min(8, round(2 * (after.start - before.start))))
        for before, after in pairwise(tune)
    ]


def edit_distance(one: Sequence[Token], other: Sequence[Token]) -> float:
    """Levenshtein's, as a share of the longer."""
    row = list(range(len(other) + 1))
    for number, mine in enumerate(one, 1):
        above, row[0] = row[0], number
        for place, theirs in enumerate(other, 1):
            kept = above + (mine != theirs)
            above = row[place]
            row[place] = min(kept, above + 1, row[place - 1] + 1)
    return row[-1] / max(len(one), len(other))


def progressions(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """How many different rows of roots eight seeds have, in steps from the tonic; a drone has none."""
    for prompt, takes in _siblings(setting):
        rows = {roots(take.score) for take in takes}
        if any(len(set(row)) > 1 for row in rows):
            yield prompt, None, float(len(rows))


def roots(score: Score) -> tuple[int, ...]:
    return tuple((chord.root - score.key.tonic) % 12 for chord in score.chords[:16])


def grooves(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """How many different grooves eight seeds have: the bar each plays most often."""
    for prompt, takes in _siblings(setting):
        played = [groove(take) for take in takes if take.struck]
        if len(played) == SIBLINGS:
            yield prompt, None, float(len(set(played)))


def groove(take: Take) -> frozenset[tuple[int, int]]:
    """Sixteenths and keys of the commonest bar of drums and percussion, without ghosts: players leave some out, and no
    bar would be another's like.
    """
    bars: dict[int, set[tuple[int, int]]] = {}
    for part in take.struck:
        for note in (note for note in part.notes if note.velocity >= GHOST):
            bar, step = take.place(note)
            bars.setdefault(bar, set()).add((step, note.pitch))
    return Counter(map(frozenset, bars.values())).most_common(1)[0][0]


CHECKS = (
    Check("16a", "onsets, energetic over calm", Bound(low=1.3), survey=energetic_over_calm),
    Check("16b", "onsets follow arousal, rho", Bound(low=0.7), survey=follows_arousal),
    Check("29a", "between over within prompts", Bound(low=2.0), survey=told_apart, share=1.0),
    Check("29b", "prompts recognised in pairs", Bound(low=0.9), survey=pairs_recognised),
    Check("29c", "pieces recognised among all", Bound(1, 1), survey=recognised, share=0.9),
    Check("30a", "8 seeds, most alike tunes", Bound(low=0.4), survey=nearest_tunes, share=1.0),
    Check("30b", "8 seeds, progressions", Bound(low=3), survey=progressions, share=1.0),
    Check("30c", "8 seeds, grooves", Bound(low=2), survey=grooves, share=1.0),
)
