"""Takes down what the items of a prompt mean, one after another. Contradictions are settled afterwards: `settle.py`.

A word is read in the light of its neighbours: "a hint of" before an instrument makes it softer, before a style turns
the style into a colour; "solo" speaks of the instrument beside it; "starts with" of those that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bandstand.composer.prompt.items import Item
from bandstand.composer.prompt.lexicon import lexicon, singulars
from bandstand.composer.prompt.scope import Wish, wishes

STRONG, WEAK, HINT = 4.0, -5.0, -6.0
PARTS = frozenset({"intro", "verse", "chorus", "bridge", "build", "drop", "breakdown", "outro"})
REFUSED_MOOD, REFUSED_PACE = -0.5, -0.4
"""What is left of a mood and of a pace that is not wanted: "not sad", "not too fast"."""
LISTED = 4
"""Within how many items after "featuring piano" another instrument makes it a mere list."""


@dataclass
class Reading:
    """What has been read so far."""

    names: list[str] = field(default_factory=list[str])  # of music, then its colours and scenes
    colours: list[str] = field(default_factory=list[str])
    scenes: list[str] = field(default_factory=list[str])
    unwanted_genres: list[str] = field(default_factory=list[str])
    rivals: list[str] = field(
        default_factory=list[str]
    )  # names that stand apart: only one can lead
    moods: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    instruments: list[str] = field(default_factory=list[str])
    excluded: list[str] = field(default_factory=list[str])
    levels: dict[str, float] = field(default_factory=dict[str, float])
    solo: str | None = None
    opens: list[str] = field(default_factory=list[str])
    closes: list[str] = field(default_factory=list[str])
    paces: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    tempos: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    metres: list[str] = field(default_factory=list[str])
    customs: list[str] = field(default_factory=list[str])  # metres that names of music bring along
    eras: list[str] = field(default_factory=list[str])
    flags: list[str] = field(default_factory=list[str])
    unwanted_flags: list[str] = field(default_factory=list[str])
    understood: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    ignored: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])


class Reader:
    """Reads a row of items into a Reading."""

    def __init__(self, items: Sequence[Item], reading: Reading) -> None:
        self.items = items
        self.reading = reading
        self.place = 0
        self.level = 0.0  # of the instrument that comes next
        self.degree = 1.0  # of the mood or pace that comes next
        self.where = ""  # "opens" or "closes", for the instruments of this clause
        self.soloist = ""  # "solo", "lead" or "featuring": the instrument that comes next
        self.featured = -1  # where the featured instrument stood
        self.part = False  # whether the clause speaks of a part of the piece

    def read(self) -> None:
        for place, (item, wish) in enumerate(zip(self.items, wishes(self.items), strict=True)):
            self.place = place
            if self.place and item.clause != self.items[self.place - 1].clause:
                self._enter_clause()
            if wish is Wish.UNWANTED:
                self._refuse(item)
            elif wish is Wish.WANTED:
                self._take(item)

    def _enter_clause(self) -> None:
        self.level, self.degree, self.where, self.part = 0.0, 1.0, "", False
        if self.soloist != "featuring":
            self.soloist = ""

    def _next(self) -> Item | None:
        """The item that follows in the same clause."""
        item = self.items[self.place]
        after = self.items[self.place + 1] if self.place + 1 < len(self.items) else None
        return after if after is not None and after.clause == item.clause else None

    def _previous(self) -> Item | None:
        """The item before, if nothing parts the two."""
        return self.items[self.place - 1] if self.place and self.items[self.place].adjoins else None

    # What is wanted.

    def _take(self, item: Item) -> None:
        if item.musical:
            self._take_meanings(item)
        elif not item.meanings and not item.phrase.isdigit():
            self.reading.ignored.append(item.phrase)
        self._set_up(item)

    def _take_meanings(self, item: Item) -> None:
        self.reading.understood.append((item.start, item.phrase))
        self.reading.told += item.values("unable")
        self._take_time(item)
        self._take_style(item)
        for name in item.values("instrument"):
            self._take_instrument(name)
        for name in item.values("ensemble"):
            self._take_ensemble(name)
        for name in item.values("flag"):
            self._take_flag(name)
        self._take_mood(item)

    def _take_time(self, item: Item) -> None:
        for value in item.values("pace"):
            self.reading.paces.append((item.phrase, float(value) * self.degree))
        for value in item.values("tempo"):
            low, high = map(float, value.split())
            self.reading.tempos.append((item.phrase, low, high))
        said = self.reading.customs if item.is_any("genre") else self.reading.metres
        said += item.values("metre")
        self.reading.eras += item.values("era")

    def _take_style(self, item: Item) -> None:
        self.reading.colours += item.values("flavour")
        self.reading.scenes += item.values("scene")
        after = self._next()
        tinted = self.level == HINT or (after is not None and after.value("after") == "tint")
        for name in item.values("genre"):
            if tinted:
                self.reading.colours.append(name)
            else:
                self._take_genre(name)

    def _take_genre(self, name: str) -> None:
        names = self.reading.names
        previous = self._previous()
        # The last of several that touch is what the music is: "ambient techno" is techno.
        heads = previous.values("genre") if previous is not None else ()
        if heads and heads[0] in names and name not in names:
            names.insert(names.index(heads[0]), name)
            self.reading.rivals = [name if r == heads[0] else r for r in self.reading.rivals]
        else:
            names.append(name)
            self.reading.rivals.append(name)

    def _take_instrument(self, name: str) -> None:
        reading = self.reading
        reading.instruments.append(name)
        after = self._next()
        said = after.value("after") if after is not None else None
        level = {"strong": STRONG, "weak": WEAK}.get(said or "", self.level)
        if said == "without" and after is not None and after.adjoins:
            reading.instruments.remove(name)
            reading.excluded.append(name)
            return
        if level:
            reading.levels[name] = level
        self._place_instrument(name, after)
        if self.soloist:
            self._name_soloist(name)
        elif 0 <= self.place - self.featured <= LISTED and self.featured >= 0:
            reading.solo, self.featured = None, -1

    def _place_instrument(self, name: str, after: Item | None) -> None:
        flags = after.values("flag") if after is not None and after.adjoins else ()
        if self.where == "opens" or "intro" in flags:
            self.reading.opens.append(name)
        if self.where == "closes" or "outro" in flags:
            self.reading.closes.append(name)

    def _name_soloist(self, name: str) -> None:
        if self.soloist == "featuring":
            self.featured = self.place
        if self.reading.solo is None or self.soloist == "solo":
            self.reading.solo = name
        self.soloist = ""

    def _take_ensemble(self, name: str) -> None:
        ensemble = lexicon().ensembles[name]
        self.reading.instruments += ensemble.players
        if ensemble.alone:
            self.reading.flags.append("alone")

    def _take_flag(self, name: str) -> None:
        if name == "no-drums":
            self.reading.excluded.append("drums")
        if name in {"solo", "lead"}:
            # "trumpet solo" names the soloist before, "solo violin" after.
            previous = self._previous()
            named = previous.values("instrument") if previous is not None else ()
            if named and named[0] in self.reading.instruments:
                self.reading.solo = named[0]
            else:
                self.soloist = name
                if name == "solo":
                    self._read_recital()
        if name == "featuring":
            self.soloist = name
        if name in PARTS:
            self.part = True
        if name not in {"lead", "featuring"} and not (name == "alone" and not self._stands_alone()):
            self.reading.flags.append(name)

    def _read_recital(self) -> None:
        """ "Solo piano" at the beginning of a clause is a piano alone; "rock with a solo guitar" is not."""
        clause = self.items[self.place].clause
        before = self.items[max(0, self.place - 2) : self.place]
        begins = all(
            item.clause != clause or item.value("through") == "articles" for item in before
        )
        after = self._next()
        played = after.value("instrument") if after is not None else None
        if begins and played in lexicon().complete:
            self.reading.flags.append("alone")

    def _stands_alone(self) -> bool:
        """Whether an "only" or "just" speaks of instruments, and of the whole piece."""
        if self.part or self.where:
            return False
        previous = self._previous()
        if previous is not None and previous.is_any("instrument"):
            return True
        clause = self.items[self.place].clause
        beside = self.items[self.place + 1 : self.place + 4]
        return any(
            item.clause == clause and item.is_any("instrument", "ensemble") for item in beside
        )

    def _take_mood(self, item: Item) -> None:
        for value in item.values("mood"):
            valence, arousal = map(float, value.split())
            # "dark techno" is a style and a mood.
            word = item.phrase.split()[0] if item.is_any("genre") else item.phrase
            self.reading.moods.append((word, self.degree * valence, self.degree * arousal))

    def _set_up(self, item: Item) -> None:
        """What the item says of those to come."""
        emphasis, degree, place = (item.value(k) for k in ("emphasis", "degree", "place"))
        if emphasis is not None:
            self.level = float(emphasis)
        elif not item.is_any("mood", "degree", "through"):
            self.level = 0.0
        self.degree = float(degree) if degree is not None else 1.0
        if place is not None:
            self.where = place if place in {"opens", "closes"} else ""

    # What is not wanted.

    def _refuse(self, item: Item) -> None:
        reading = self.reading
        if any(piece in lexicon().pieces for piece in singulars(item.phrase)):
            reading.ignored.append(f"no {item.phrase}")
            reading.told.append(f"The {item.phrase} cannot be left out of the drums.")
            return
        reading.understood.append((item.start, f"no {item.phrase}"))
        reading.excluded += item.values("instrument")
        for name in item.values("ensemble"):
            reading.excluded += lexicon().ensembles[name].players
        reading.unwanted_genres += item.values("genre")
        for value in item.values("mood"):
            valence, arousal = map(float, value.split())
            turned = (item.phrase, REFUSED_MOOD * valence, REFUSED_MOOD * arousal)
            reading.moods.append(turned)
        for value in item.values("pace"):
            reading.paces.append((f"not {item.phrase}", REFUSED_PACE * float(value)))
        for name in item.values("flag"):
            reading.unwanted_flags.append(name)
        self.level, self.degree = 0.0, 1.0
