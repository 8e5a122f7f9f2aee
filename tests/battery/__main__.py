"""`python -m battery`, from tests/: runs the battery and prints its table; exit status 1 when a threshold is missed.

--prompts 5          so many of prompts.txt, from all over it; or words of your own: --prompts "slow waltz"
--held-out           the prompts of held_out.txt as well; do not tune on what they tell
--seeds 4            so many, from --first-seed on
--checks 1,3,17      only these
--seconds 30         length of the pieces
--jobs 1             processes
--most 6             failing prompts told in each row
--figures            every figure, not only the table
"""

from __future__ import annotations

import argparse
import sys
import time

from battery.checks import table, verdicts
from battery.runner import CHECKS, Setting, run
from battery.work import read_prompts, spread


def main() -> int:
    asked = _asked()
    began = time.perf_counter()
    setting = Setting(
        prompts=_prompts(asked),
        seeds=range(asked.first_seed, asked.first_seed + asked.seeds),
        seconds=asked.seconds,
        rate=asked.rate,
        jobs=asked.jobs,
        wanted=_wanted(asked.checks),
        say=lambda words: print(words, file=sys.stderr, flush=True),  # noqa: T201
    )
    findings = list(run(setting))
    if asked.figures:
        for found in findings:
            mark = " " if found.holds else "!"
            seed = "" if found.seed is None else found.seed
            sys.stdout.write(
                f"{mark} {found.check:4} {found.figure:10.4g} {seed!s:>3} {found.subject}\n"
            )
    told = list(verdicts(CHECKS, findings))
    sys.stdout.write("\n".join(table(told, most=asked.most)) + "\n")
    sys.stdout.write(f"\n{time.perf_counter() - began:.0f} s\n")
    return 0 if all(verdict.reached for verdict in told) else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m battery", description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", default="all")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--checks", default="1-33")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=32000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--most", type=int, default=6)
    parser.add_argument("--figures", action="store_true")
    return parser.parse_args()


def _prompts(asked: argparse.Namespace) -> list[str]:
    known = read_prompts("prompts.txt")
    if asked.prompts != "all":
        known = spread(known, int(asked.prompts)) if asked.prompts.isdigit() else [asked.prompts]
    return known + (read_prompts("held_out.txt") if asked.held_out else [])


def _wanted(written: str) -> frozenset[str]:
    """Ids: "17-19,24a" is 17, 18a, 18b, 19 and 24a."""
    found: set[str] = set()
    for part in written.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            numbers = range(int(first), int(last or first) + 1)
            found.update(check.id for check in CHECKS if check.number in numbers)
        else:
            found.add(part)
    return frozenset(found)


if __name__ == "__main__":
    sys.exit(main())
