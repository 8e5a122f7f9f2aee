"""Idioms: players for traditions in which a recoloured pop song would be a lie. One module is one tradition.

A style names its idiom in its TOML file. An idiom replaces the roles that it has players for; the others play as
everywhere else. To add one: a module with a mapping PLAYERS, and its line in `IDIOMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

Player = Callable[[Sequence[Bar], Plan, Voice, np.random.Generator], list[Event]]

IDIOMS: Mapping[str, Mapping[Role, Player]] = {}


def players(idiom: str | None) -> Mapping[Role, Player]:
    """Who plays what differently in an idiom; nobody where there is none."""
    return IDIOMS.get(idiom or "", {})
