"""How commands speak: tables or JSON on stdout, trouble on stderr with the exit code that fits."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Generator, Sequence
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bandstand.errors import (
    BandstandError,
    Canceled,
    Misconfigured,
    NoCredit,
    Refused,
    TooMany,
    Unavailable,
)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
FAILED, USAGE, AWAY, QUOTA, INTERRUPTED = 1, 2, 3, 4, 130
CODES: Sequence[tuple[type[BaseException], int]] = (
    (NoCredit, QUOTA),
    (TooMany, QUOTA),
    (Refused, USAGE),
    (Misconfigured, USAGE),
    (Unavailable, AWAY),
    (Canceled, INTERRUPTED),
    (KeyboardInterrupt, INTERRUPTED),
    (BandstandError, FAILED),
)
Told = TypeVar("Told", bound=BandstandError)
err = Console(stderr=True)


@contextlib.contextmanager
def failing() -> Generator[None]:
    """Ends the program with what is wrong, what to type instead, and the right code; without a traceback."""
    try:
        yield
    except (BandstandError, KeyboardInterrupt) as error:
        code = next(code for kind, code in CODES if isinstance(error, kind))
        text = error.message if isinstance(error, BandstandError) else "Canceled."
        err.print(f"[red]error:[/red] {escape(text)}", soft_wrap=True)
        for command in getattr(error, "__notes__", ()):
            err.print(f"[dim]try:[/dim] {escape(command)}", soft_wrap=True, highlight=False)
        sys.exit(code)


def hinted(error: Told, command: str) -> Told:
    """The error with what to type instead, for `failing` to tell."""
    error.add_note(command)
    return error


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def show_json_line(value: Any) -> None:
    """One of many, for whoever reads them as they come."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def show_done(words: str, *, as_json: bool, **told: Any) -> None:
    """That something was done: in words, or as what it was done to."""
    if as_json:
        show_json(told)
    else:
        sys.stdout.write(f"{words}\n")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """On a terminal a table; otherwise tab-separated lines, for other programs."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(str(cell) for cell in row) + "\n")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    Console().print(table)
