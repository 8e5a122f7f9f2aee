"""Idioms: players for traditions in which a recoloured pop song would be a lie. One module is one tradition.

A style names its idiom in its TOML file. An idiom replaces the roles that it has players for; the others play as
everywhere else. To add one: a module with a mapping PLAYERS, and its line in `IDIOMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import (
    afrobeat,
    blues,
    brazil,
    breaks,
    celtic,
    chip,
    drift,
    dub,
    fives,
    flamenco,
    gospel,
    heterophony,
    hindustani,
    klezmer,
    maqam,
    orchestra,
    ragtime,
    reggae,
    ska,
    swing,
    tango,
    techno,
    trap,
)
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

Player = Callable[[Sequence[Bar], Plan, Voice, np.random.Generator], list[Event]]

IDIOMS: Mapping[str, Mapping[Role, Player]] = {
    "raga": hindustani.PLAYERS,
    "swing": swing.PLAYERS,
    "bossa": brazil.BOSSA,
    "samba": brazil.SAMBA,
    "flamenco": flamenco.PLAYERS,
    "celtic": celtic.PLAYERS,
    "afrobeat": afrobeat.PLAYERS,
    "techno": techno.PLAYERS,
    "breaks": breaks.PLAYERS,
    "drift": drift.PLAYERS,
    "new-age": drift.NEW_AGE,
    "chip": chip.PLAYERS,
    "cinematic": orchestra.CINEMATIC,
    "classical": orchestra.CLASSICAL,
    "baroque": orchestra.BAROQUE,
    "blues": blues.PLAYERS,
    "maqam": maqam.PLAYERS,
    "tango": tango.PLAYERS,
    "ragtime": ragtime.PLAYERS,
    "klezmer": klezmer.PLAYERS,
    "reggae": reggae.PLAYERS,
    "dub": dub.PLAYERS,
    "ska": ska.PLAYERS,
    "trap": trap.PLAYERS,
    "gospel": gospel.PLAYERS,
    "heterophony": heterophony.PLAYERS,
}

Listener = Callable[[Sequence[Bar], Sequence[Event], Plan, Voice, np.random.Generator], list[Event]]
LISTENERS: Mapping[str, Mapping[Role, Listener]] = {
    "gospel": gospel.LISTENERS,
    "heterophony": heterophony.LISTENERS,
}
"""Players who hear the tune, and answer it or go along with it."""

Harmony = Callable[[Sequence[Bar], Plan], tuple[Bar, ...]]
HARMONIES: Mapping[str, Harmony] = {
    "raga": hindustani.stay,
    "swing": swing.harmonise,
    "bossa": brazil.harmonise,
    "samba": brazil.harmonise,
    "flamenco": flamenco.harmonise,
    "baroque": orchestra.harmonise,
    "blues": blues.harmonise,
    "maqam": maqam.stay,
    "gospel": gospel.harmonise,
    "heterophony": fives.harmonise,
    "tango": tango.harmonise,
    "ragtime": ragtime.harmonise,
    "klezmer": klezmer.harmonise,
}
"""Idioms whose chords are not the style's: the chart, with other chords in it."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """The chart as an idiom wants it; as it is where the idiom has no wish."""
    wish = HARMONIES.get(plan.style.idiom or "")
    return wish(chart, plan) if wish and chart else tuple(chart)


def players(idiom: str | None) -> Mapping[Role, Player]:
    """Who plays what differently in an idiom; nobody where there is none."""
    return IDIOMS.get(idiom or "", {})


def listeners(idiom: str | None) -> Mapping[Role, Listener]:
    """Who plays to the tune in an idiom; nobody where there is none."""
    return LISTENERS.get(idiom or "", {})
