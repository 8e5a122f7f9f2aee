"""How the CPU step library comes to be, what happens where it cannot, and what the sanitizers say of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bandstand.musicgen.native import build, library

DRIVER = Path(__file__).parents[2] / "native_driver.cpp"

needs_compiler = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("g++", "clang++", "c++")),
    reason="there is no C++ compiler: the step library is NOT checked",
)


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_sanitizers_find_nothing(tmp_path: Path, sanitizer: str) -> None:
    program = tmp_path / "driver"
    flags = ["-O1", "-g1", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all"]
    build.build(program, flags=flags, extra=[DRIVER])

    done = subprocess.run([program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_built_library_loads(tmp_path: Path) -> None:
    file = tmp_path / "step.so"

    build.build(file, flags=["-O1"])

    assert library.why_not(file) is None
    assert [path.name for path in tmp_path.iterdir()] == ["step.so"]


def test_without_a_compiler_torch_does_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)

    assert not build.build_or_say_why_not()

    (line,) = capsys.readouterr().err.splitlines()
    assert "no C++ compiler" in line
    assert "torch will do its work" in line


def test_chosen_compiler_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such flag >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))

    with pytest.raises(build.NotBuilt, match="broken failed: no such flag"):
        build.build(tmp_path / "step.so")

    assert not (tmp_path / "step.so").exists()


def test_absent_library_is_told(tmp_path: Path) -> None:
    assert "not built" in str(library.why_not(tmp_path / "step.so"))


def test_file_that_is_no_library_is_told(tmp_path: Path) -> None:
    file = tmp_path / "step.so"
    file.write_text("not one")

    assert "cannot be loaded" in str(library.why_not(file))


@needs_compiler
def test_library_of_another_version_is_told(tmp_path: Path) -> None:
    source, file = tmp_path / "other.c", tmp_path / "step.so"
    source.write_text("int bandstand_step_version(void) { return 999; }")
    subprocess.run([build.find_compiler(), "-shared", "-fPIC", "-o", file, source], check=True)

    assert "cannot be loaded" in str(library.why_not(file))


def test_every_source_is_compiled() -> None:
    there = {path.name for path in build.FOLDER.glob("*.cpp")}

    assert there == {*build.SOURCES_OF_ANY_MACHINE, *build.SOURCES_OF_X86_64}
