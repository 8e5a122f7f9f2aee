"""What several processes that share the tests do when, seen in a small tree of tests of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS_MAX = 100.0
FILE = """
import os, time
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(3))
def test_of_this_file(number):
    began = time.monotonic()
    time.sleep(0.05)
    with Path("told").open("a") as told:
        told.write(f"{__file__} {os.environ['PYTEST_XDIST_WORKER']} {began} {time.monotonic()}\\n")
"""


@dataclass
class Ran:
    """One test of a file, in which process and when."""

    file: str
    process: str
    began: float
    ended: float


def run(folder: Path) -> list[Ran]:
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")
    }
    subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "xdist", "-p", "turns"],
        cwd=folder,
        env=environment | {"PYTHONPATH": "tests", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
        capture_output=True,
        timeout=SECONDS_MAX,
    )
    rows = [line.split() for line in (folder / "told").read_text().splitlines()]
    return [
        Ran(str(Path(file).relative_to(folder)), process, float(began), float(ended))
        for file, process, began, ended in rows
    ]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    folder = tmp_path_factory.mktemp("turns")
    for name in (
        "unit/test_a",
        "unit/test_b",
        "unit/test_c",
        "e2e/test_d",
        "faults/test_e",
        "faults/test_f",
    ):
        file = folder / "tests" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILE)
    with (folder / "tests/unit/test_c.py").open("a") as file:
        file.write("# pytest.mark.slow\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(Path(__file__).with_name("turns.py"), folder / "tests")
    return run(folder)


def test_every_test_runs_once(ran: list[Ran]) -> None:
    assert len(ran) == 6 * 3


def test_a_file_stays_in_one_process(ran: list[Ran]) -> None:
    assert len({(each.file, each.process) for each in ran}) == 6


def test_several_files_run_at_once(ran: list[Ran]) -> None:
    assert len({each.process for each in ran}) == 2


def test_files_with_slow_tests_come_first(ran: list[Ran]) -> None:
    (slow,) = {each.process for each in ran if each.file == "tests/unit/test_c.py"}

    files = [each.file for each in ran if each.process == slow]

    assert files[0] == "tests/unit/test_c.py"


def test_those_that_talk_to_servers_come_after_those_that_do_not(ran: list[Ran]) -> None:
    (served,) = {each.process for each in ran if "e2e" in each.file}

    kinds = [each.file.split("/")[1] for each in ran if each.process == served]

    assert kinds == sorted(kinds, key=["unit", "e2e", "faults"].index)


def test_those_that_kill_processes_run_when_all_others_have_ended(ran: list[Ran]) -> None:
    killing = [each for each in ran if "faults" in each.file]
    others = [each for each in ran if "faults" not in each.file]

    assert min(each.began for each in killing) > max(each.ended for each in others)
    assert len({each.process for each in killing}) == 1


def test_all_that_must_run_alone_lies_in_the_folder_that_does() -> None:
    tests = Path(__file__).parent
    marked = {file for file in tests.rglob("test_*.py") if "mark.fault" in file.read_text()}

    assert marked - {Path(__file__)} == {*(tests / "faults").glob("test_*.py")}
