"""Stems: they add up to the mix before the master, are as long as the piece, and have names."""

import numpy as np
import pytest
from scores import band

from bandstand.composer.mix.desk import Desk
from bandstand.composer.mix.sheet import rehearse
from bandstand.composer.piece import compose
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.stems import stem_names, stems

RATE = 32000


def whole(blocks):
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


def mix_of(score, pool):
    players = [Player(score, index, RATE) for index in range(len(score.parts))]
    desk = Desk(score, RATE, rehearse(score, players, RATE, pool).sheet)
    samples = round(score.seconds * RATE)
    return desk.blend([Stem(player).block(samples) for player in players], samples)


class OneAfterAnother:
    """An executor without threads."""

    def map(self, work, *lists):
        return map(work, *lists)


def test_stems_add_up_to_the_mix_before_the_master():
    score = band(seconds=6.0)

    apart = whole(stems(score, RATE))

    assert np.abs(sum(apart) - mix_of(score, OneAfterAnother())).max() < 1e-5


@pytest.mark.parametrize("seconds", [0.4, 5.3])
def test_every_stem_is_as_long_as_the_piece(seconds):
    score = band(seconds=seconds)

    apart = whole(stems(score, RATE))

    assert len(apart) == len(stem_names(score))
    assert {stem.shape for stem in apart} == {(2, round(seconds * RATE))}


def test_stems_of_a_loop_are_as_long_as_the_loop():
    piece = compose("funk loop", seconds=2.0, seed=3, rate=RATE)

    apart = whole(piece.stems())

    assert {stem.shape for stem in apart} == {(2, 2 * RATE)}


def test_no_two_stems_have_one_name():
    names = stem_names(band())

    assert len(set(names)) == len(names)
    assert names[0] == "01-lead-lead-synth"
    assert names[-1] == "07-room"
