"""`bandstand batch`: many pieces, one after the other, with engines that stay open between them."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import json
import re
import sys
import unicodedata
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from bandstand.cli.asked import Asked, check_target, ending_of, to_spec
from bandstand.cli.generate import Cover, EncodingName, Extras, Model, ServerUrl, also_of, maker
from bandstand.cli.say import FAILED, AsJson, err, hinted, show_json_line
from bandstand.errors import BandstandError, Invalid

STEM_CHARACTERS_MAX = 40
# In the words of the options; Python has taken some of them for itself.
WORDS = {"continue": "continues", "from": "start", "to": "end", "sections": "section"}


def batch(
    file: Annotated[
        str,
        typer.Argument(
            help="One piece a line: a prompt, or a JSON object of options. - reads them from stdin."
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder to write to; made if it is not there.")
    ] = Path(),
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", help="Length where a line tells none.")
    ] = 30.0,
    encoding: EncodingName = None,
    model: Model = "composer",
    cover: Cover = False,
    extras: Extras = False,
    again: Annotated[
        bool, typer.Option("--again", help="Make those, too, whose files are there already.")
    ] = False,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a piece of every line. One that fails is told, and the others are made all the same."""
    usual = Asked(prompt="", seconds=seconds, encoding=encoding, model=model)
    with _opened(file) as lines:
        pieces = list(_read(lines, usual, out))
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    with maker(server, also_of(cover=cover, extras=extras)) as making:
        for number, asked, target in pieces:
            if target.exists() and not again:
                err.print(f"line {number}: {target} is there already", markup=False)
                continue
            try:
                made = making.make(to_spec(asked, target), target)
            except BandstandError as error:
                failed += 1
                err.print(f"line {number}: {error.message}", style="red", markup=False)
                continue
            if as_json:
                told = {"line": number, "file": str(target), "seed": made.seed}
                show_json_line({**told, "files": made.files})
            else:
                sys.stdout.write(f"{target}\n")
                sys.stdout.flush()
    if failed:
        err.print(f"{failed} of {len(pieces)} failed")
        raise typer.Exit(FAILED)


@contextlib.contextmanager
def _opened(file: str) -> Generator[TextIO]:
    if file == "-":
        yield sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8") as opened:
            yield opened
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("file", f"{file}: {getattr(error, 'strerror', 'is not text')}") from None


def _read(lines: TextIO, usual: Asked, folder: Path) -> Iterator[tuple[int, Asked, Path]]:
    """All of them before the first is made: a line that cannot be read is found out at once.

    raises  Invalid naming the line
    """
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        asked = _asked(text, usual, f"line {number}")
        name = asked.out or Path(f"{number:03d}-{_stem(asked.prompt)}.{ending_of(asked.encoding)}")
        if name.parent != Path():
            check_target(folder / name)
        yield number, asked, folder / name


def _asked(text: str, usual: Asked, where: str) -> Asked:
    if not text.startswith(("{", '"')):
        return dataclasses.replace(usual, prompt=text)
    try:
        told: str | dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise Invalid(where, f"is not JSON: {error}") from None
    if isinstance(told, str):
        return dataclasses.replace(usual, prompt=told)
    return _checked({WORDS.get(name, name): value for name, value in told.items()}, usual, where)


def _checked(told: dict[str, Any], usual: Asked, where: str) -> Asked:
    from pydantic import TypeAdapter, ValidationError

    known = [field.name for field in dataclasses.fields(Asked)]
    for name in told:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Invalid(where, f"there is no {name!r}{hint}")
    if "prompt" not in told:
        raise hinted(Invalid(where, "has no prompt"), """{"prompt": "lo-fi rain", "seconds": 20}""")
    try:
        return TypeAdapter(Asked).validate_python(
            {name: getattr(usual, name) for name in ("seconds", "encoding", "model")} | told
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(f"{where}: {first['loc'][0]}", first["msg"]) from None


def _stem(prompt: str) -> str:
    """The beginning of a prompt as a name that every file system takes."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    stem = ""
    for word in words:
        if len(stem) + len(word) >= STEM_CHARACTERS_MAX:
            break
        stem += f"-{word}"
    return stem.strip("-") or "piece"
