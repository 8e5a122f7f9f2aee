"""The loop that tracks share: what cannot be begun, dropped tracks, and an engine that was stopped. On a tiny model."""

from __future__ import annotations

import queue
from collections.abc import Generator

import pytest
import torch
from tiny import checkpoint_of
from torch import Tensor
from tracks import all_codes, track_of

from bandstand.musicgen.decoder import TorchDecoder
from bandstand.musicgen.engine import Dropped, Engine, Stopped
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.runner import Runner, Track

SIZES = checkpoint_of("small").sizes
News = queue.SimpleQueue[Tensor | Exception]


@pytest.fixture
def engine() -> Generator[Engine]:
    length = positions_of(SIZES)
    decoder = TorchDecoder(SIZES, checkpoint_of("small").weights, slots=2, length=length)
    running = Engine(Runner(decoder), slots=2)
    yield running
    running.stop()


def test_track_that_cannot_be_begun_ends_alone(engine: Engine) -> None:
    broken: News = queue.SimpleQueue()
    whole: News = queue.SimpleQueue()
    nothing_left = Track(frames=3, seed=1, prompt=torch.zeros(4, 3, dtype=torch.int64))
    track = track_of(SIZES)

    engine.submit(nothing_left, broken.put)
    engine.submit(track, whole.put)

    assert isinstance(broken.get(timeout=30), ValueError)
    assert all_codes(track, whole).shape == (4, 20)


def test_text_that_is_too_long_for_a_slot_ends_its_track_alone(engine: Engine) -> None:
    broken: News = queue.SimpleQueue()
    whole: News = queue.SimpleQueue()

    engine.submit(track_of(SIZES, text=600), broken.put)
    engine.submit(track_of(SIZES), whole.put)

    assert isinstance(broken.get(timeout=30), RuntimeError)
    assert all_codes(track_of(SIZES), whole).shape == (4, 20)


def test_dropped_track_hears_so_and_leaves_its_slot(engine: Engine) -> None:
    news: News = queue.SimpleQueue()
    long = track_of(SIZES, frames=1400)
    playing = [engine.submit(long, news.put) for _ in range(2)]
    after: News = queue.SimpleQueue()

    for one in playing:
        engine.drop(one)
    engine.submit(track_of(SIZES), after.put)

    heard = []
    while sum(isinstance(one, Dropped) for one in heard) < 2:
        heard.append(news.get(timeout=30))
    assert all_codes(track_of(SIZES), after).shape == (4, 20)


def test_track_that_has_ended_may_be_dropped(engine: Engine) -> None:
    news: News = queue.SimpleQueue()
    playing = engine.submit(track_of(SIZES), news.put)
    all_codes(track_of(SIZES), news)

    engine.drop(playing)
    engine.submit(track_of(SIZES), news.put)

    assert all_codes(track_of(SIZES), news).shape == (4, 20)


def test_engine_that_stops_ends_its_tracks_and_refuses_others(engine: Engine) -> None:
    news: News = queue.SimpleQueue()
    engine.submit(track_of(SIZES, frames=1400), news.put)
    late: News = queue.SimpleQueue()

    engine.stop()
    engine.submit(track_of(SIZES), late.put)

    last = None
    while not isinstance(last, Stopped):
        last = news.get(timeout=30)
    assert isinstance(late.get(timeout=30), Stopped)


def test_engine_may_be_stopped_twice(engine: Engine) -> None:
    engine.stop()
    engine.stop()
