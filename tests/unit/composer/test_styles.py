"""Laws of the styles as data, and what is said about a file that breaks them."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from bandstand.composer import theory
from bandstand.composer.compose import compose_score
from bandstand.composer.compose.harmony import tonic_share
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import ABILITIES
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.plan.proof import HOME_SHARE, STEPS, kind_of
from bandstand.composer.plan.style import Groove, Style, read_style, style, style_names
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.score import Role
from bandstand.errors import Misconfigured

STYLES = [style(name) for name in style_names()]
by_name = pytest.mark.parametrize("chosen", STYLES, ids=lambda chosen: chosen.name)
GOOD = """
title = "Mine"
bpm = [108, 144]
modes = ["minor", "major"]
colour = "triad"
energy = 0.7
humanise = 0.006
bass = ["1-------5-------"]
arp = ["0.1.2.1.0.1.2.1."]
comp = [{ how = "block", rhythm = "X-------x-------" }]

[progressions]
minor = ["1 6 7 1"]
major = ["1 4 5 1"]

[instruments]
lead = ["flute"]
bass = ["electric-bass"]
drums = ["acoustic-kit"]

[tune]
density = 0.5

[mix]
tilt = -1.0

[[drums]]
use = "main"
kick = "X.......X.x....."
hat = "xrxxxxxtxxxxxxxx"
"""


def home(chosen: Style):
    """What a style plays in its own metre."""
    return chosen.own[kind_of(chosen.metre.written)]


def beat_of(chosen: Style) -> tuple[Groove, ...]:
    own = home(chosen)
    if Role.DRUMS in chosen.instruments:
        return own.tabla if "tabla" in chosen.instruments[Role.DRUMS] else own.drums
    return own.percussion if Role.PERCUSSION in chosen.instruments else own.drums


def rhythm(grooves: tuple[Groove, ...], steps: int) -> frozenset[tuple[str, int, bool]]:
    """Strokes of all the main grooves: which drum, where in how long a line, loud or soft."""
    return frozenset(
        (key, step, sign == "X")
        for groove in grooves
        if groove.use == "main"
        for key, line in groove.lines.items()
        for step, sign in enumerate(line * (4 * steps // math.gcd(4 * steps, len(line))))
        if sign not in ".-"
    )


def test_there_are_more_than_fifty_styles():
    assert len(STYLES) >= 55


@by_name
def test_a_style_has_grooves_for_everything_that_happens(chosen: Style):
    uses = [groove.use for groove in beat_of(chosen)]

    assert uses.count("main") >= 3
    assert uses.count("fill") >= 2
    assert uses.count("half") >= 1
    assert uses.count("b") >= 1
    assert len(uses) >= 7


@by_name
def test_no_two_grooves_of_a_style_are_the_same(chosen: Style):
    for grooves in (home(chosen).drums, home(chosen).percussion, home(chosen).tabla):
        lines = [tuple(sorted(groove.lines.items())) for groove in grooves]

        assert len(set(lines)) == len(lines)


@by_name
def test_the_second_drummer_has_as_much_to_choose_from(chosen: Style):
    uses = [groove.use for groove in home(chosen).percussion]

    if Role.PERCUSSION in chosen.instruments:
        assert uses.count("main") >= 3
        assert {"half", "fill", "b"} <= set(uses)


@by_name
def test_a_style_has_lines_for_bass_chords_and_arpeggios(chosen: Style):
    own = home(chosen)

    if Role.BASS in chosen.instruments:
        assert len(set(own.bass)) >= 5
    if Role.COMP in chosen.instruments:
        assert len(set(own.comp)) >= 4
    if Role.ARP in chosen.instruments:
        assert len(set(own.arp)) >= 3


@by_name
def test_the_chords_may_begin_with_the_bar_where_they_are_alone(chosen: Style):
    assert not home(chosen).comp or any(m.rhythm[0] in "Xxo" for m in home(chosen).comp)


@by_name
def test_a_style_has_six_progressions_for_every_mode_it_uses(chosen: Style):
    for mode in {*chosen.modes, "major", "minor"}:
        loops = chosen.progressions.get(mode) or chosen.progressions[theory.family(mode)]

        assert len(set(loops)) >= 6, mode


@by_name
def test_every_loop_keeps_the_tonic_at_home(chosen: Style):
    for text in itertools.chain(*chosen.progressions.values(), *chosen.contrast.values()):
        bars = [tuple(map(int, bar.split("+"))) for bar in text.split()]

        assert tonic_share(bars) >= HOME_SHARE, text


@by_name
def test_the_b_section_has_chords_of_its_own(chosen: Style):
    for mode in {*chosen.modes, "major", "minor"}:
        family = theory.family(mode)
        verses = set(chosen.progressions.get(mode) or chosen.progressions[family])
        refrains = set(chosen.contrast.get(mode) or chosen.contrast[family])

        assert len(refrains) >= 2, mode
        assert not refrains & verses, mode


@by_name
def test_a_style_asks_of_instruments_what_they_can_do(chosen: Style):
    for role, names in chosen.instruments.items():
        assert len(set(names)) == len(names)
        if role not in {Role.BASS, Role.DRONE, Role.LEAD, Role.COMP, Role.PAD, Role.ARP}:
            for name in names:
                assert role in ABILITIES[INSTRUMENTS[name].family], (role, name)


@by_name
def test_there_is_a_choice_of_who_sings(chosen: Style):
    assert len(chosen.instruments[Role.LEAD]) >= 3


@pytest.mark.parametrize(
    ("chosen", "seconds"),
    list(zip(STYLES, itertools.cycle((0.5, 8.0, 60.0, 150.0)), strict=False)),
    ids=lambda value: str(value) if isinstance(value, float) else value.name,
)
def test_every_style_can_be_composed_at_any_length(chosen: Style, seconds: float):
    score = compose_score(make_plan(Intent(genres=(chosen.name,)), seconds, 3), 3)

    assert score.style == chosen.name
    assert all(note.start * 60 / score.bpm < seconds for part in score.parts for note in part.notes)


@pytest.mark.parametrize(
    ("chosen", "written"),
    list(zip(STYLES, itertools.cycle(theory.METRES), strict=False)),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_style_can_be_played_in_a_metre_that_is_not_its_own(chosen: Style, written: str):
    asked = Intent(genres=(chosen.name,), metre=theory.metre(written), bpm=240.0)
    score = compose_score(make_plan(asked, 6.0, 1), 1)

    assert score.metre.written == written
    assert score.parts


def test_what_everybody_knows_is_written_as_well_as_the_styles():
    for kind, steps in STEPS.items():
        common = style("baroque").idioms(theory.metre(kind))
        lines = [line for groove in common.tabla for line in groove.lines.values()]

        assert all(len(line) % steps == 0 for line in (*common.bass, *common.arp, *lines))
        assert {"main", "b", "half", "fill"} <= {groove.use for groove in common.tabla}


@by_name
def test_a_style_is_played_in_its_own_metre_unless_another_is_asked(chosen: Style):
    asked = Intent(genres=(chosen.name,), metre=theory.metre("5/4"))

    assert make_plan(Intent(genres=(chosen.name,)), 20.0, 1).metre == chosen.metre
    assert make_plan(asked, 20.0, 1).metre.written == "5/4"


def test_any_two_styles_differ_in_what_is_drummed():
    beats = {
        chosen.name: (rhythm(beat_of(chosen), STEPS[kind_of(chosen.metre.written)]))
        for chosen in STYLES
    }

    for (one, first), (other, second) in itertools.combinations(beats.items(), 2):
        assert len(first & second) <= 0.8 * len(first | second), (one, other)


def test_any_two_styles_differ_in_bass_lines_and_instruments():
    for one, other in itertools.combinations(STYLES, 2):
        assert set(home(one).bass) != set(home(other).bass), (one.name, other.name)
        assert one.instruments != other.instruments, (one.name, other.name)


def test_a_style_may_come_from_another_folder(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(GOOD, "utf-8")

    assert style("mine", tmp_path).title == "Mine"
    assert {"mine", "rock"} <= set(style_names(tmp_path))
    assert style("rock", tmp_path).title == "Rock"


@pytest.mark.parametrize(
    ("good", "bad", "field", "value"),
    [
        ('title = "Mine"', "", "title", "missing"),
        ('title = "Mine"', 'title = ""', "title", "''"),
        ("bpm = [108, 144]", "bpm = [144, 108]", "bpm", "[144, 108]"),
        ('"electric-bass"', '"air-guitar"', "instruments.bass", "'air-guitar'"),
        ('"electric-bass"', '"flute"', "instruments.bass", "'flute'"),
        ('"acoustic-kit"', '"piano"', "instruments.drums", "'piano'"),
        ('modes = ["minor"', 'modes = ["mournful"', "modes", "'mournful'"),
        ('colour = "triad"', 'colour = "purple"', "colour", "'purple'"),
        ('minor = ["1 6 7 1"', 'minor = ["1 6 9 1"', "progressions.minor", "'9' in '1 6 9 1'"),
        ('minor = ["1 6 7 1"', 'minor = ["4 1 1 1"', "progressions.minor", "'4 1 1 1'"),
        ('minor = ["1 6 7 1"', 'minor = ["1 6 7 4"', "progressions.minor", "25%"),
        ('use = "main"', 'use = "mian"', "drums: use", "'mian'"),
        ("\nkick = ", "\nkcik = ", "drums: the stroke", "'kcik'"),
        ("X.......", "Z.......", "drums.kick", "'Z'"),
        ("X.......", "X......", "drums.kick", "15 sixteenths"),
        ('how = "block"', 'how = "bloc"', "comp: how", "'bloc'"),
        ("[mix]", "[mix]\nloud = 1", "mix.loud", "no setting"),
        ("[tune]", "[tune]\nspan = 99", "tune.span", "99"),
        ('colour = "triad"', 'colour = "triad"\nspeed = 1', "speed", "no field"),
        ('colour = "triad"', 'colour = "triad"\nmetre = "4/5"', "metre", "'4/5'"),
        ("[mix]", "[mix", "no TOML", "line"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(good, bad, field, value):
    assert good in GOOD

    with pytest.raises(Misconfigured) as told:
        read_style("mine", GOOD.replace(good, bad, 1))

    assert told.value.message.startswith("mine.toml")
    assert field in told.value.message
    assert value in told.value.message


def test_everything_wrong_is_said_at_once():
    broken = GOOD.replace('"Mine"', '""').replace('colour = "triad"', 'colour = "purple"')

    with pytest.raises(Misconfigured) as told:
        read_style("mine", broken)

    assert len(told.value.message.splitlines()) == 2


def test_a_good_file_needs_no_more_than_this():
    assert read_style("mine", GOOD).metre.written == "4/4"
