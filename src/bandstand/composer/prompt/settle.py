"""Settles what a prompt says twice or against itself, and tells each time what was done, in a sentence.

The first of two wishes of a kind wins; a figure wins over a word; what is excluded is left out, unless it is one
particular instrument of a kind: "no guitars, only a ukulele", "no percussion except a tambourine".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bandstand.composer import theory
from bandstand.composer.prompt.lexicon import Lexicon, lexicon
from bandstand.composer.prompt.reading import Reading

QUICK, SLUGGISH = 0.5, -0.5
BRIGHT, DARK = 0.7, -0.5
WILD, CALM = 0.7, -0.5
SHOWN = 4


def unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def first(wishes: Sequence[str], what: str, told: list[str]) -> str | None:
    """The first of several wishes of a kind; the others are told."""
    distinct = unique(wishes)
    if len(distinct) > 1:
        listed = ", ".join(distinct[:SHOWN])
        told.append(f"More than one {what} is asked for, {listed}: taking the first.")
    return distinct[0] if distinct else None


def settle_genres(reading: Reading) -> tuple[str, ...]:
    """All styles, the leading one first."""
    words = lexicon()
    signs = [words.signs[name] for name in reading.instruments if name in words.signs]
    wanted = [*reading.names, *reading.colours, *signs, *reading.scenes]
    genres = unique(name for name in wanted if name not in reading.unwanted_genres)
    rivals = [name for name in unique(reading.rivals) if name in genres]
    if len(rivals) > 1:
        others = _listed([_spoken(name) for name in rivals[1 : SHOWN + 1]])
        verb = "is" if len(rivals) == 2 else "are"
        leader = _spoken(genres[0])
        reading.told.append(f"{_capital(leader)} leads; {others} {verb} asked for as well.")
    for name in unique(reading.unwanted_genres):
        if name in wanted:
            reading.told.append(
                f"Both with and without {_spoken(name)} is asked for; leaving it out."
            )
    return genres


def localise(reading: Reading, genre: str | None) -> None:
    """Take each instrument for the one that is meant in this style."""
    local = lexicon().local.get(genre or "", {})
    reading.instruments = [local.get(name, name) for name in reading.instruments]
    reading.opens = [local.get(name, name) for name in reading.opens]
    reading.closes = [local.get(name, name) for name in reading.closes]
    reading.levels = {local.get(name, name): level for name, level in reading.levels.items()}
    reading.solo = local.get(reading.solo or "", reading.solo)


def settle_instruments(reading: Reading) -> tuple[tuple[str, ...], frozenset[str]]:
    """Who plays and who must not."""
    words = lexicon()
    asked = unique(reading.instruments)
    refused = unique(reading.excluded)
    for name in asked:
        if name in refused:
            reading.told.append(
                f"Both with and without {_spoken(name)} is asked for; leaving it out."
            )
    asked = tuple(name for name in asked if name not in refused)
    # "guitar" says no more where a guitar of a certain kind is asked for.
    asked = tuple(
        name for name in asked if not (set(words.members(name)) - {name}).intersection(asked)
    )
    excluded: set[str] = set()
    for name in refused:
        whole = _with_family(name, words)
        particular = whole.intersection(asked)
        excluded |= _expanded(whole, words) - set(asked) if particular else whole
    # What stands for several falls away where none of them is left.
    asked = tuple(n for n in asked if n not in excluded and not _all_gone(n, excluded, words))
    if reading.solo not in asked:
        reading.solo = None
    return asked, frozenset(excluded)


def _with_family(name: str, words: Lexicon) -> set[str]:
    found = {name, *words.choices.get(name, ())}
    for relative in words.families.get(name, ()):
        found |= _with_family(relative, words)
    return found


def _expanded(names: set[str], words: Lexicon) -> set[str]:
    """Single instruments only: no word for several."""
    return {name for name in names if name not in words.choices}


def _all_gone(name: str, excluded: set[str], words: Lexicon) -> bool:
    members = words.choices.get(name, ())
    return bool(members) and excluded.issuperset(members)


def settle_pace(reading: Reading, genre: str | None, bpm: float | None) -> float | None:
    """One pace out of all; what contradicts it, the figure or the style is told."""
    if not reading.paces:
        return None
    phrase, pace = reading.paces[0]
    if any(other * pace < 0 for _, other in reading.paces):
        reading.told.append("Both slow and fast are asked for; taking the first.")
    if bpm is not None:
        if (pace <= SLUGGISH and bpm > 140) or (pace >= QUICK and bpm < 80):
            reading.told.append(
                f"{_capital(phrase)} and {bpm:g} bpm do not agree; the figure wins."
            )
        return pace
    if reading.tempos:
        word, low, high = reading.tempos[0]
        if (pace <= SLUGGISH and low > 110) or (pace >= QUICK and high < 100):
            reading.told.append(f"{_capital(phrase)} and {word} do not agree; taking {word}.")
    nature = lexicon().nature
    against = (pace >= QUICK and genre in nature["slow"]) or (
        pace <= SLUGGISH and genre in nature["fast"]
    )
    if genre is not None and against:
        reading.told.append(
            f"{_capital(_spoken(genre))} is {'slow' if pace > 0 else 'fast'} by nature: "
            f"{phrase} is met as far as the style allows."
        )
    return min(max(pace, -1.4), 1.4)


def settle_moods(reading: Reading, genre: str | None) -> tuple[float | None, float | None]:
    """Energy and valence, each the mean of all moods."""
    if not reading.moods:
        return None, None
    valences = [valence for _, valence, _ in reading.moods]
    arousals = [arousal for _, _, arousal in reading.moods]
    energy, valence = _mean(arousals), _mean(valences)
    if max(valences) >= BRIGHT and min(valences) <= DARK:
        reading.told.append("Both bright and dark moods are asked for; meeting in the middle.")
    nature = lexicon().nature
    against = (energy >= WILD and genre in nature["calm"]) or (
        energy <= CALM and genre in nature["wild"]
    )
    if genre is not None and against:
        own, other = ("calm", "wild") if energy > 0 else ("wild", "calm")
        reading.told.append(
            f"{_capital(_spoken(genre))} is {own} by nature; it stays so, played as {other} as it may be."
        )
    return energy, valence


def settle_flags(reading: Reading) -> frozenset[str]:
    words = lexicon()
    flags = list(unique(reading.flags))
    for name in unique(reading.unwanted_flags):
        if name in flags:
            flags.remove(name)
            reading.told.append(
                f"Both with and without {_spoken(name)} is asked for; leaving it out."
            )
        if name in words.contrary:
            flags.append(words.contrary[name])
    kept: list[str] = []
    for name in unique(flags):
        rival = next((k for k in kept if _clash(k, name, words)), None)
        if rival is None:
            kept.append(name)
        else:
            reading.told.append(
                f"{_capital(_spoken(rival))} and {_spoken(name)} exclude each other; "
                f"taking {_spoken(rival)}."
            )
    return frozenset(kept)


def settle_metre(reading: Reading, figures: Sequence[str]) -> str | None:
    """One metre: a figure first, then words; what a style's name brings along gives way without a word."""
    said = first([*figures, *reading.metres], "metre", reading.told)
    return said or next(iter(reading.customs), None)


def _clash(one: str, other: str, words: Lexicon) -> bool:
    return other in words.clashes.get(one, ()) or one in words.clashes.get(other, ())


def metre_told(text: str, played: str | None) -> str | None:
    """What is said of a metre that is not played as it is written."""
    if played == text:
        return None
    if played is None:
        return f"The metre {text} is not known here; the style's own is played."
    assert played in theory.METRES, played
    return f"{text} is played as {played}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _spoken(name: str) -> str:
    return name.replace("-", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _mean(values: Sequence[float]) -> float:
    return min(max(sum(values) / len(values), -1.0), 1.0)
