"""Facts of North Indian music that its players keep."""

from __future__ import annotations

import itertools

import pytest
from bands import band, chart, part

from bandstand.composer import theory
from bandstand.composer.compose.idioms.raga import choose, raga_for, ragas
from bandstand.composer.compose.idioms.tala import tala_for, tihai
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

SITAR, TABLA, TANPURA = (
    Voice(Role.LEAD, "sitar"),
    Voice(Role.DRUMS, "tabla"),
    Voice(Role.DRONE, "tanpura"),
)
MATRAS = {"4/4": 16, "3/4": 6, "6/8": 6, "7/8": 7, "5/4": 10, "12/8": 12}

every_raga = pytest.mark.parametrize("raga", ragas().values(), ids=lambda raga: raga.name)


@every_raga
def test_aroha_ascends_to_the_upper_sa_and_avaroha_comes_back(raga):
    assert raga.aroha[-1] == raga.avaroha[0] == 12
    assert raga.avaroha[-1] == 0
    assert raga.aroha[0] < raga.aroha[-1]


@every_raga
def test_vadi_and_samvadi_are_a_fourth_or_fifth_apart(raga):
    # Basant Mukhari and its kin in Bhairav ang answer komal dha by komal re.
    assert (raga.samvadi - raga.vadi) % 12 in {4, 5, 6, 7, 8}
    assert {raga.vadi, raga.samvadi} <= raga.notes


@every_raga
def test_the_catch_phrases_use_the_notes_of_the_raga(raga):
    assert {note % 12 for phrase in raga.pakad for note in phrase} <= raga.notes


@every_raga
def test_a_raga_belongs_to_the_mode_it_is_played_for(raga):
    for mode in raga.modes:
        scale = set(theory.MODES[mode])
        # Desh and its like take the natural seventh upwards.
        assert len(raga.notes - scale) <= 1


@pytest.mark.parametrize("mode", sorted(theory.MODES))
def test_every_mode_has_a_raga(mode):
    assert raga_for(mode)


@pytest.mark.parametrize("mode", ["minor", "major", "dorian", "phrygian", "double harmonic"])
def test_the_tune_goes_only_where_the_raga_goes(mode):
    for seed in range(4):
        plan = band("raga", mode=mode, seed=seed)
        raga = choose(plan)
        notes = [event[2] for event in part(plan, SITAR, seed=seed)]
        moves = list(itertools.pairwise(notes))
        straight = [raga.may_go(before, after, plan.key.tonic) for before, after in moves]

        assert {(note - plan.key.tonic) % 12 for note in notes} <= raga.notes
        # Between phrases a player may begin anew.
        assert sum(straight) >= 0.9 * len(straight)


def test_a_raga_without_pa_has_its_tanpura_tuned_to_ma():
    assert ragas()["Malkauns"].second == 5
    assert ragas()["Yaman"].second == 7


def test_the_tanpura_sounds_pa_sa_sa_and_the_low_sa():
    plan = band("raga", mode="dorian")
    raga = choose(plan)

    second, sa, again, below = (event[2] for event in part(plan, TANPURA)[:4])

    assert (second - plan.key.tonic) % 12 == raga.second
    assert sa == again == below + 12
    assert sa % 12 == plan.key.tonic


def test_the_chord_never_changes():
    assert len({chord.notes for bar in chart(band("raga")) for chord in bar.chords}) == 1


@pytest.mark.parametrize(("metre", "matras"), MATRAS.items())
def test_a_metre_has_the_tala_of_its_beats(metre, matras):
    tala = tala_for(band("raga", metre=metre, bpm=90))

    assert len(tala.theka) == sum(tala.vibhags) == matras


def test_teental_silences_the_bass_drum_in_its_khali():
    tala = tala_for(band("raga", bpm=90))
    silent = [n for n, bols in enumerate(tala.theka) if bols[0] not in {"dha", "dhin", "ge"}]

    assert tala.name == "teental"
    assert silent == [9, 10, 11, 12]


def test_sam_is_struck_with_both_hands():
    plan = band("raga", bpm=90)
    tala = tala_for(plan)
    strokes = part(plan, TABLA)

    for bar in chart(plan)[:-1]:
        if tala.matra_at(bar.start) == 0:
            assert {KEYS["ge"], KEYS["na"]} <= {e[2] for e in strokes if e[0] == bar.start}


@pytest.mark.parametrize("metre", theory.METRES)
def test_a_tihai_is_one_figure_three_times_and_ends_on_sam(metre):
    plan = band("raga", metre=metre)
    last = chart(plan)[-1]

    figure = tihai(last, plan.metre)
    onsets = [*figure.onsets, figure.sam]
    thirds = [onsets[n * figure.notes : (n + 1) * figure.notes] for n in range(3)]
    shapes = [[round(onset - third[0], 6) for onset in third] for third in thirds]

    assert len(onsets) == 3 * figure.notes
    assert shapes[0] == shapes[1] == shapes[2]
    assert thirds[1][0] - thirds[0][0] == pytest.approx(thirds[2][0] - thirds[1][0])
    assert figure.sam == last.start + last.beats
    assert onsets[0] >= last.start - 1e-9


def test_soloist_and_tabla_play_the_last_tihai_together():
    plan = band("raga", bpm=90)
    last = chart(plan)[-1]
    figure = tihai(last, plan.metre)

    for voice in (SITAR, TABLA):
        struck = {round(e[0], 6) for e in part(plan, voice) if e[0] >= figure.onsets[0]}

        assert struck == {round(onset, 6) for onset in figure.onsets}


def test_the_alap_is_slower_than_the_gat():
    plan = band("raga", seconds=90, bpm=90)
    bars = chart(plan)
    alap = [bar for bar in bars if bar.section.name == "intro"]
    gat = [bar for bar in bars if bar.section.name == "b"]
    notes = [event[0] for event in part(plan, SITAR)]

    def per_bar(some):
        return sum(any(b.start <= n < b.start + b.beats for b in some) for n in notes) / len(some)

    assert per_bar(alap) < 0.7 * per_bar(gat)
