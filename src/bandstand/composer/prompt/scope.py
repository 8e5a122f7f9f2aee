"""How far a negation reaches: which items of a prompt are not wanted.

"no" and "without" hold until they have met a noun, over the adjectives before it; "not" until the next word with a
meaning. "or", "nor" and "and" carry them on, and so do commas in a list that ends with "or". "but" and "with" end
them, "except" turns them round.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from bandstand.composer.prompt.items import Item

NOUNS = ("instrument", "ensemble", "genre", "flavour", "scene", "flag", "unable")
AND = frozenset({"and", "und", "et", "y"})


class Wish(enum.Enum):
    WANTED = enum.auto()
    UNWANTED = enum.auto()
    LATER = enum.auto()  # "no drums until the drop": neither asked for nor excluded


def wishes(items: Sequence[Item]) -> list[Wish]:
    """Say for each item whether it is wanted."""
    scope = _Scope()
    found: list[Wish] = []
    for place, item in enumerate(items):
        if place and item.clause != items[place - 1].clause:
            scope.enter_clause(goes_on=_list_goes_on(items, place))
        negated = scope.meets(item, items[place - 1] if place else None)
        found.append(Wish.UNWANTED if negated else Wish.WANTED)
        if item.value("through") == "until" and scope.last is not None:
            found[scope.last] = Wish.LATER
        scope.last = place if negated else scope.last
    return found


class _Scope:
    """The negation that holds at one place.

    by      "no", "without" or "not"; "" when none holds
    spent   it has met its object: only "or", "nor" or "and" carry it on
    last    the item that was negated last, in this clause
    """

    def __init__(self) -> None:
        self.by = ""
        self.spent = False
        self.joined = ""
        self.unknown = 0
        self.before = False
        self.last: int | None = None

    def enter_clause(self, *, goes_on: bool) -> None:
        self.before = bool(self.by) or self.last is not None
        self.last = None
        if goes_on and self.by:
            self.spent = False
        else:
            self.by = ""

    def meets(self, item: Item, previous: Item | None) -> bool:
        """Whether the item is negated; moves on to what holds after it."""
        negation = item.value("negation")
        if negation is not None and not (item.musical and self.by):
            self._begin(negation)
            return False
        if not self.by:
            return False
        if "/" in item.gap:
            self.spent = False
        through = item.value("through")
        if through == "onwards":
            self.spent, self.joined = False, item.phrase
        elif item.musical:
            return self._meets_meaning(item)
        elif not self._passes(item, through, previous):
            self.by = ""
        return False

    def _begin(self, negation: str) -> None:
        if negation == "except":
            turned_round = bool(self.by) or self.before
            self.by = "" if turned_round else "without"
        else:
            self.by = negation
        self.spent, self.joined, self.unknown = False, "", 0

    def _meets_meaning(self, item: Item) -> bool:
        if self.spent or (self.joined in AND and item.is_any("emphasis")):
            self.by = ""
            return False
        self.spent = self.by == "not" or item.is_any(*NOUNS)
        return True

    def _passes(self, item: Item, through: str | None, previous: Item | None) -> bool:
        if self.spent:
            return False
        if through == "articles":
            # "no drums and a piano" asks for the piano; "without a drum and a piano" does not.
            return not (self.by == "no" and self.joined in AND)
        if item.is_any("emphasis", "degree"):
            # "no drums and lots of piano" asks for the piano.
            return self.joined not in AND
        if through == "words":
            return True
        if item.phrase == "with":
            return previous is not None and (
                previous.is_any("negation") or previous.phrase == "anything"
            )
        self.unknown += not item.meanings
        return not item.meanings and self.unknown <= 1 and self.by != "not"


def _list_goes_on(items: Sequence[Item], place: int) -> bool:
    """Whether the clause that begins here goes on with a list that ends with "or": "no drums, bass or piano"."""
    listed = False
    for index in range(place, min(place + 24, len(items))):
        item = items[index]
        if item.phrase in {"or", "nor"}:
            return True
        begins = index == place or item.clause != items[index - 1].clause
        if not begins and listed and item.is_any("instrument", "genre", "flag"):
            return False
        listed = item.is_any("instrument", "genre", "flag")
        if not listed and not item.is_any("through", "mood"):
            return False
    return False
