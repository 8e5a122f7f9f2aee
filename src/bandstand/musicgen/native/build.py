"""Compiles the step library beside this file. Uses nothing but the standard library: the package's build runs it before there is a package.

Run as a program it builds with whatever compiler is found and says what it did.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FILE = FOLDER / "libbandstand_step.so"

FLAGS = (
    *("-std=c++20", "-O3", "-fPIC", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra"),
    # Memory holds numbers of many kinds; and no sum may depend on what the compiler likes to fuse.
    *("-fno-strict-aliasing", "-ffp-contract=off", "-fno-math-errno"),
    # GCC 12 warns of its own AVX-512 headers.
    *("-Wno-uninitialized", "-Wno-maybe-uninitialized"),
)
_AVX2 = ("-mavx2", "-mfma")
_AVX512 = (*_AVX2, "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mavx512vnni")
# In this order: an inline function that several of them have is taken from the first, which runs on every machine.
SOURCES_OF_ANY_MACHINE = {
    "step.cpp": (),
    "state.cpp": (),
    "packing.cpp": (),
    "draw.cpp": (),
    "kernels_plain.cpp": (),
}
SOURCES_OF_X86_64 = {
    "kernels_avx2.cpp": _AVX2,
    "kernels_avx512.cpp": _AVX512,
    "kernels_avx512_bf16.cpp": (*_AVX512, "-mavx512bf16"),
}


class NotBuilt(Exception):
    """The library could not be built."""


def find_compiler() -> str:
    """
    raises  NotBuilt when there is none
    """
    for name in (os.environ.get("CXX"), "g++", "clang++", "c++"):
        if name and (found := shutil.which(name)):
            return found
    raise NotBuilt("no C++ compiler: looked for $CXX, g++, clang++ and c++")


def build(file: Path = FILE, *, flags: Sequence[str] = (), extra: Sequence[Path] = ()) -> None:
    """
    flags   after our own, when compiling and when linking
    extra   further sources; with a main() among them, and "-fPIE" among the flags, it becomes a program
    raises  NotBuilt with what the compiler said
    """
    compiler = find_compiler()
    is_program = bool(extra)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as threads:
        jobs = list(_jobs(Path(folder), extra))
        commands = [
            [compiler, *FLAGS, *wanted, *flags, "-c", str(source), "-o", str(made)]
            for source, wanted, made in jobs
        ]
        list(threads.map(_run, commands))
        linked = Path(folder) / file.name
        objects = [str(made) for _, _, made in jobs]
        shared = () if is_program else ("-shared",)
        _run([compiler, *shared, "-pthread", *flags, "-o", str(linked), *objects])
        # Whoever has the old one loaded keeps it: the name is moved to a new file.
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        shutil.copy2(linked, beside)
        beside.replace(file)


def _jobs(folder: Path, extra: Sequence[Path]) -> Iterator[tuple[Path, Sequence[str], Path]]:
    """Each source with the flags it wants and the object it becomes."""
    wanted = dict(SOURCES_OF_ANY_MACHINE)
    if platform.machine().lower() in {"x86_64", "amd64"}:
        wanted |= SOURCES_OF_X86_64
    for name, flags in wanted.items():
        yield FOLDER / name, flags, folder / f"{name}.o"
    for source in extra:
        yield source, (f"-I{FOLDER}",), folder / f"{source.name}.o"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise NotBuilt(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


def build_or_say_why_not() -> bool:
    """For the package's build, which goes on without it."""
    try:
        build()
    except NotBuilt as error:
        sys.stderr.write(f"bandstand: no CPU step library, torch will do its work: {error}\n")
        return False
    sys.stderr.write(f"bandstand: built {FILE}\n")
    return True


if __name__ == "__main__":
    sys.exit(not build_or_say_why_not())
