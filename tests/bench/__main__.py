"""`scripts/bench [all|server|composer|composer --quick|apis|musicgen|newcomer|parity|seeds]`: measures, prints, and writes its part
of docs/bench.md; parity, the seeds and what is quick only print.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench import apis, composer, musicgen, newcomer, parity, server
from bench.figures import Row, table

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "bench.md"
Measure = Callable[[Path], Iterator[str]]


def rows_of(measure: Callable[[Path], Iterator[Row]]) -> Measure:
    """Its figures as the lines of a table."""
    return lambda folder: iter(table(_shown(measure(folder))))


PARTS: Mapping[str, Measure] = {
    "server": rows_of(server.measure),
    "composer": composer.measure,
    "apis": rows_of(apis.measure),
    "musicgen": musicgen.measure,
    "newcomer": rows_of(newcomer.measure),
}
ASIDE: Mapping[str, Measure] = {
    "parity": parity.measure,
    "seeds": composer.sweep,
    "composer --quick": composer.quick,
}
"""Only print: they measure no speed, or less than the page promises."""
FOREWORD = """\
Each figure stands beside a floor that was measured in the same run: what no better program could go below on this machine.
For a submission that is one job's row committed alone to the same disk through the same library; jobs are submitted over HTTP
to a server that works on them meanwhile. For tiny jobs it is the time the engine pretends to work, divided by its slots.
Times move with the machine and the hour; ratios less. `scripts/bench` made this page.
"""


def main() -> int:
    wanted = " ".join(sys.argv[1:]) or "all"
    if wanted not in {"all", *PARTS, *ASIDE}:
        sys.stderr.write(f"usage: scripts/bench [all|{'|'.join([*PARTS, *ASIDE])}]\n")
        return 2
    page = _sections(PAGE.read_text()) if PAGE.exists() else {}
    with tempfile.TemporaryDirectory(prefix="bandstand-bench-") as folder:
        for name in PARTS if wanted == "all" else [wanted]:
            lines = [*_circumstances(), "", *_told({**PARTS, **ASIDE}[name](Path(folder)))]
            page[name] = "\n".join(lines).strip()
    if wanted not in ASIDE:
        parts = [f"## The {name}\n\n{page[name]}" for name in PARTS if name in page]
        PAGE.write_text("\n\n".join(["# Measured", FOREWORD.strip(), *parts]) + "\n")
    return 0


def _sections(page: str) -> dict[str, str]:
    """What the page says of each part."""
    parts = page.split("\n## The ")[1:]
    return {name: text.strip() for name, _, text in (part.partition("\n") for part in parts)}


def _told(lines: Iterator[str]) -> Iterator[str]:
    """Printed as they come, for the whole takes minutes."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        yield line


def _shown(rows: Iterator[Row]) -> Iterator[Row]:
    """Told as they come, for the whole takes minutes."""
    for row in rows:
        sys.stderr.write("  ".join(row.cells()) + "\n")
        yield row


def _circumstances() -> list[str]:
    commit = _git("rev-parse", "--short", "HEAD") + (" with changes" if _has_changes() else "")
    date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    machine = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB"
    system = f"{platform.system()} {platform.release()} · load {os.getloadavg()[0]:.1f}"
    return [f"{date} · commit {commit} · Python {platform.python_version()} · {machine} · {system}"]


def _has_changes() -> bool:
    return bool(_git("status", "--porcelain", "--", "src"))


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(REPOSITORY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
