"""Clips: what is let in, how they are joined, and that they cost little to import."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bandstand.audio.clip import Clip, join

SAMPLES = hnp.arrays(
    np.float32, st.tuples(st.just(2), st.integers(0, 50)), elements=st.floats(-1, 1, width=32)
)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((1, 8), np.float64), 8000),
        (np.zeros(8, np.float32), 8000),
        (np.zeros((3, 8), np.float32), 8000),
        (np.zeros((1, 8), np.float32), 0),
    ],
    ids=["double precision", "no channels", "three channels", "no rate"],
)
def test_clip_of_another_shape_is_refused(samples: np.ndarray, rate: int):
    with pytest.raises(ValueError, match="must be"):
        Clip(samples, rate)


@given(st.lists(SAMPLES, min_size=1, max_size=5))
def test_joined_clip_is_one_after_another(pieces: list[np.ndarray]):
    whole = join([Clip(piece, 8000) for piece in pieces])

    assert np.array_equal(whole.samples, np.concatenate(pieces, axis=1))
    assert whole.seconds == sum(piece.shape[1] for piece in pieces) / 8000


def test_clips_of_different_rates_are_not_joined():
    samples = np.zeros((1, 8), np.float32)

    with pytest.raises(ValueError, match="agree"):
        join([Clip(samples, 8000), Clip(samples, 16000)])


def test_nothing_is_not_joined():
    with pytest.raises(ValueError, match="nothing"):
        join([])


def test_clip_imports_neither_filters_nor_codecs():
    script = (
        "import sys, bandstand.audio.clip; "
        "print(*{'scipy', 'soundfile', 'soxr'} & {name.split('.')[0] for name in sys.modules})"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert loaded.stdout.split() == []
