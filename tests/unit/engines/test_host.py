"""The host with the fake engine in a real child process."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from patience import PATIENCE_SECONDS, once, soon

from bandstand.audio.clip import Clip
from bandstand.audio.tags import Tags
from bandstand.engines import Equipment, Inputs
from bandstand.engines import host as hosts
from bandstand.engines.host import DROP_SECONDS_MAX, Gate, Host, Pcm
from bandstand.engines.spool import Pressed
from bandstand.errors import EngineDied, Failed, Unavailable
from bandstand.specs import MusicSpec

EQUIPMENT = Equipment(models=Path("models"))
TAGS = Tags(prompt="tone", seed=1, model="fake", engine="fake", licence="none", software="tests")


class Heard:
    """A listener that keeps everything in its order."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Any]] = []

    def progress(self, fraction: float) -> None:
        self.all.append(("progress", fraction))

    def log(self, line: str) -> None:
        self.all.append(("log", line))

    def audio(self, stretch: Pcm) -> None:
        self.all.append(("audio", stretch))

    def named(self, name: str) -> list[Any]:
        return [detail for kind, detail in self.all if kind == name]


@pytest_asyncio.fixture
async def host() -> AsyncIterator[Host]:
    """It waits longer than a busy machine makes it wait."""
    host = Host("fake", EQUIPMENT, hang_seconds=60.0, drop_seconds=20.0)
    await host.start()
    yield host
    await host.stop()


@pytest_asyncio.fixture
async def usual() -> AsyncIterator[Host]:
    """It waits for a canceled job as long as a server does."""
    host = Host("fake", EQUIPMENT, hang_seconds=60.0)
    await host.start()
    yield host
    await host.stop()


def make(
    host: Host,
    folder: Path,
    prompt: str = "tone",
    *,
    heard: Heard | None = None,
    melody: Clip | None = None,
    **more: Any,
) -> asyncio.Task[tuple[Pressed, ...]]:
    """A job of its own name that has been handed to the engine."""
    spec = MusicSpec(prompt=prompt, model="fake", seconds=0.5, seed=1)
    job = f"job{time.monotonic_ns()}"
    making = host.make(
        job,
        spec,
        Inputs(attempt=more.pop("attempt", 1), melody=melody),
        tags=TAGS,
        folder=folder / job,
        listener=heard or Heard(),
        **more,
    )
    return asyncio.create_task(making)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_of(host: Host) -> int:
    assert host._process is not None
    return host._process.pid


async def begun(host: Host, count: int = 1) -> None:
    """Returns when the engine works on so many jobs."""
    await soon(lambda: sum(inside.is_begun for inside in host._inside.values()) == count)


async def call_off(*making: asyncio.Task[Any]) -> None:
    for each in making:
        each.cancel()
    await asyncio.gather(*making, return_exceptions=True)


def stand_still(seconds: float) -> None:
    """As when the system stops this process: none of its threads goes on."""
    ctypes.PyDLL(None).usleep(round(1e6 * seconds))


async def test_finished_files_lie_in_the_folder(host: Host, tmp_path: Path) -> None:
    (track,) = await make(host, tmp_path)

    (file,) = tmp_path.glob("*/track.wav")  # noqa: ASYNC240 - a glance at an empty folder
    assert file.stat().st_size == track.bytes


async def test_eight_jobs_are_worked_on_at_once(host: Host, tmp_path: Path) -> None:
    heard = [Heard() for _ in range(host.slots)]
    inside = [make(host, tmp_path, "work=600 steps=6000", heard=each) for each in heard]

    assert await soon(lambda: all(each.named("progress") for each in heard))
    await call_off(*inside)


async def test_a_job_beyond_the_slots_waits_its_turn(host: Host, tmp_path: Path) -> None:
    for _ in range(host.slots):
        make(host, tmp_path, "work=0.4")
    began = time.monotonic()
    await make(host, tmp_path, "work=0.01")

    assert time.monotonic() - began > 0.3


async def test_progress_grows_to_one(host: Host, tmp_path: Path) -> None:
    heard = Heard()
    await make(host, tmp_path, "steps=5", heard=heard)

    assert heard.named("progress") == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


async def test_stretches_of_sound_add_up_to_the_piece(host: Host, tmp_path: Path) -> None:
    heard = Heard()
    await make(host, tmp_path, "steps=3", heard=heard)

    stretches: list[Pcm] = heard.named("audio")
    assert sum(stretch.frames for stretch in stretches) == 16000
    assert {(stretch.rate, stretch.channels) for stretch in stretches} == {(32000, 1)}


async def test_everything_reported_is_heard_before_the_result(host: Host, tmp_path: Path) -> None:
    heard = Heard()
    await make(host, tmp_path, "steps=1", heard=heard)

    assert [kind for kind, _ in heard.all] == ["audio", "progress", "log"]


async def test_a_failure_is_told_in_the_engines_words(host: Host, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="was asked to fail"):
        await make(host, tmp_path, "fail")


async def test_a_failure_leaves_the_engine_alive(host: Host, tmp_path: Path) -> None:
    before = pid_of(host)
    with pytest.raises(Failed):
        await make(host, tmp_path, "fail")
    await make(host, tmp_path)

    assert pid_of(host) == before


async def test_a_crash_is_heard_by_every_job_inside(host: Host, tmp_path: Path) -> None:
    inside = [make(host, tmp_path, "work=600") for _ in range(3)]
    await begun(host, 3)
    crashing = make(host, tmp_path, "crash")

    told = await asyncio.gather(*inside, crashing, return_exceptions=True)
    assert [type(each) for each in told] == [EngineDied] * 4


async def test_the_job_after_a_crash_gets_a_new_engine(host: Host, tmp_path: Path) -> None:
    with pytest.raises(EngineDied):
        await make(host, tmp_path, "crash")
    await make(host, tmp_path, "crash=1", attempt=2)

    assert host.restarts == 1


async def test_jobs_that_arrive_while_the_engine_dies_hear_of_it(
    host: Host, tmp_path: Path
) -> None:
    os.kill(pid_of(host), signal.SIGKILL)
    told = await asyncio.gather(*(make(host, tmp_path) for _ in range(20)), return_exceptions=True)

    assert {type(each) for each in told} <= {EngineDied, tuple}


async def test_an_engine_that_says_nothing_of_a_job_is_ended(tmp_path: Path) -> None:
    host = Host("fake", EQUIPMENT, hang_seconds=1.0)
    with pytest.raises(EngineDied, match="reported nothing for 1 s"):
        await make(host, tmp_path, "hang")
    await host.stop()


async def test_the_time_in_which_we_stood_still_is_not_held_against_the_engine(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(hosts, "time", clock)
    making = make(host, tmp_path, "work=2 steps=2")
    await begun(host)
    before = pid_of(host)
    clock.ahead = 3600.0

    assert await making
    assert pid_of(host) == before


class Clock:
    """Can be ahead of what this process has lived through."""

    ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


async def test_a_canceled_job_frees_its_slot(host: Host, tmp_path: Path) -> None:
    inside = [make(host, tmp_path, "work=600 steps=6000") for _ in range(host.slots)]
    await begun(host, host.slots)
    before = pid_of(host)
    await call_off(*inside)

    await asyncio.wait_for(make(host, tmp_path), PATIENCE_SECONDS)
    assert pid_of(host) == before


async def test_an_engine_outlives_a_cancel_in_the_midst_of_which_we_stood_still(
    usual: Host, tmp_path: Path
) -> None:
    making = make(usual, tmp_path, "work=600 steps=6000")
    await begun(usual)
    before = pid_of(usual)
    making.cancel()
    await asyncio.sleep(0)
    stand_still(2 * DROP_SECONDS_MAX)
    await asyncio.gather(making, return_exceptions=True)

    await make(usual, tmp_path)
    assert pid_of(usual) == before


def sound(seconds: float) -> Clip:
    """Stereo; more than a second of it is more than a pipe holds."""
    return Clip(np.zeros((2, round(seconds * 32000)), np.float32), 32000)


async def test_others_go_on_while_a_long_sound_is_handed_to_an_engine_that_does_not_read(
    host: Host, tmp_path: Path
) -> None:
    os.kill(pid_of(host), signal.SIGSTOP)
    making = make(host, tmp_path, melody=sound(120))
    for _ in range(10):
        await asyncio.sleep(0.01)

    assert not making.done()
    os.kill(pid_of(host), signal.SIGCONT)
    assert await making


async def test_a_drop_does_not_overtake_the_long_sound_before_it(
    host: Host, tmp_path: Path
) -> None:
    before = pid_of(host)
    os.kill(before, signal.SIGSTOP)
    making = make(host, tmp_path, "work=600", melody=sound(5))
    await asyncio.sleep(0.05)
    making.cancel()
    await asyncio.sleep(0.05)
    os.kill(before, signal.SIGCONT)
    await asyncio.gather(making, return_exceptions=True)

    assert await make(host, tmp_path)
    assert pid_of(host) == before, "it heard of the job and then of its end, and let go of it"


async def test_an_engine_that_dies_over_a_long_sound_is_replaced(
    host: Host, tmp_path: Path
) -> None:
    os.kill(pid_of(host), signal.SIGSTOP)
    making = make(host, tmp_path, melody=sound(120))
    await asyncio.sleep(0.05)
    os.kill(pid_of(host), signal.SIGKILL)

    with pytest.raises(EngineDied):
        await making
    assert await make(host, tmp_path)


async def test_an_engine_deaf_to_a_cancel_is_replaced(usual: Host, tmp_path: Path) -> None:
    deaf = make(usual, tmp_path, "deaf work=600")
    await begun(usual)
    before = pid_of(usual)
    await call_off(deaf)

    await make(usual, tmp_path)
    assert pid_of(usual) != before
    assert not is_running(before)


def test_a_server_waits_less_than_a_second_for_a_canceled_job() -> None:
    assert DROP_SECONDS_MAX < 1


async def test_stop_leaves_no_process_behind(tmp_path: Path) -> None:
    host = Host("fake", EQUIPMENT, hang_seconds=60)
    await host.start()
    making = make(host, tmp_path, "work=600")
    await begun(host)
    pid = pid_of(host)
    await host.stop()

    with pytest.raises(EngineDied):
        await making
    assert not is_running(pid)


async def test_stop_ends_an_engine_that_does_not_want_to(tmp_path: Path) -> None:
    host = Host("fake", EQUIPMENT, hang_seconds=60)
    await host.start()
    making = make(host, tmp_path, "deaf work=600")
    await begun(host)
    pid = pid_of(host)
    await host.stop()

    with pytest.raises(EngineDied):
        await making
    assert not is_running(pid)


async def test_a_start_that_fails_is_told_in_the_engines_words() -> None:
    host = Host("nonsense", EQUIPMENT, hang_seconds=60)

    with pytest.raises(Unavailable, match="does not start"):
        await host.start()
    assert not host.is_up
    await host.stop()


async def test_a_start_that_failed_is_not_tried_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hosts, "START_AGAIN_SECONDS", 600.0)
    host = Host("nonsense", EQUIPMENT, hang_seconds=60)
    with pytest.raises(Unavailable):
        await host.start()
    before = pid_of(host)
    with pytest.raises(Unavailable):
        await host.start()

    assert pid_of(host) == before
    await host.stop()


async def test_a_canceled_start_does_not_spoil_it_for_others(tmp_path: Path) -> None:
    host = Host("fake", EQUIPMENT, hang_seconds=60)
    first = make(host, tmp_path)
    await asyncio.sleep(0.05)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert await make(host, tmp_path)
    await host.stop()


PARENT = """
import asyncio, time
from pathlib import Path
from bandstand.engines import Equipment
from bandstand.engines.host import Host
host = Host("fake", Equipment(models=Path("models")), hang_seconds=60)
asyncio.run(host.start())
print(host._process.pid, flush=True)
time.sleep(600)
"""


def test_an_engine_whose_parent_is_killed_ends_by_itself() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as words:
        engine = int(words.readline())
    parent.kill()
    parent.wait()

    assert once(lambda: not is_running(engine) or _state(engine) == "Z", why="it lives on")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return "Z"


async def _pass(gate: Gate, log: list[str], name: str, *, alone: bool = False) -> None:
    async with gate.enter(alone=alone):
        log.append(f"{name} in")
        await asyncio.sleep(0.02)
        log.append(f"{name} out")


async def test_the_gate_lets_many_in_together() -> None:
    gate, log = Gate(), list[str]()
    await asyncio.gather(*(_pass(gate, log, name) for name in "ab"))

    assert log == ["a in", "b in", "a out", "b out"]


async def test_nobody_is_inside_with_one_who_is_alone() -> None:
    gate, log = Gate(), list[str]()
    await asyncio.gather(*(_pass(gate, log, name, alone=name in "bd") for name in "abcde"))

    for name in "bd":
        assert log.index(f"{name} out") == log.index(f"{name} in") + 1


async def test_newcomers_do_not_keep_one_who_wants_to_be_alone_waiting() -> None:
    gate, log = Gate(), list[str]()
    first = asyncio.create_task(_pass(gate, log, "first"))
    await asyncio.sleep(0)
    alone = asyncio.create_task(_pass(gate, log, "alone", alone=True))
    await asyncio.sleep(0)
    await asyncio.gather(first, alone, _pass(gate, log, "later"))

    assert log.index("alone in") < log.index("later in")


async def test_one_who_gives_up_waiting_to_be_alone_holds_up_nobody() -> None:
    gate, log = Gate(), list[str]()
    first = asyncio.create_task(_pass(gate, log, "first"))
    await asyncio.sleep(0)
    alone = asyncio.create_task(_pass(gate, log, "alone", alone=True))
    await asyncio.sleep(0)
    later = asyncio.create_task(_pass(gate, log, "later"))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.wait_for(asyncio.gather(first, later), PATIENCE_SECONDS)

    assert "alone in" not in log
