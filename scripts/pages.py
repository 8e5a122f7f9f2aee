"""Makes docs/cli.md, docs/settings.md and docs/api.md from the program itself. Called by scripts/docs.

Not for pages that explain; those are written by hand, and tests/test_docs.py sees that they miss nothing.
"""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from bandstand import cli, errors
from bandstand.build import build
from bandstand.cli.say import CODES
from bandstand.dialects.wire import status_of
from bandstand.errors import BandstandError
from bandstand.settings import PREFIX, Settings

DOCS = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made by scripts/docs from the code; changes made here are lost. -->"
JSON_EXACT = 2**53  # a limit beyond it comes as a number that is near it, and would be told wrongly
OWN_TO_SHELLS = {"--install-completion", "--show-completion", "--help"}


def main(arguments: Sequence[str]) -> int:
    pages = {"cli.md": cli_page(), "settings.md": settings_page(), "api.md": api_page()}
    if "--check" not in arguments:
        for name, lines in pages.items():
            (DOCS / name).write_text(_text(lines))
        return 0
    stale = [name for name, lines in pages.items() if not _is_fresh(name, lines)]
    return 1 if stale else 0


def _is_fresh(name: str, lines: Sequence[str]) -> bool:
    page = DOCS / name
    there = page.read_text() if page.exists() else ""
    difference = difflib.unified_diff(
        there.splitlines(), _text(lines).splitlines(), f"docs/{name}", "the code", lineterm="", n=0
    )
    told = list(difference)
    if told:
        print(*told[:20], "run: scripts/docs", sep="\n", file=sys.stderr)
    return not told


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    written = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *written, ""]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


# --- the command line


def cli_page() -> list[str]:
    lines = ["# The command line", "", MADE, "", *_paragraphs(cli.__doc__)[:3], ""]
    for words, command in _commands(typer.main.get_command(cli.app), ("bandstand",)):
        lines += [f"## `{' '.join(words)}`", "", *_paragraphs(command.help), ""]
        rows = list(_parameters(command))
        lines += _table(("argument or option", "default", ""), rows) if rows else []
    return lines[:-1]


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from _commands(inner, (*words, name))


def _parameters(command: Any) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        if OWN_TO_SHELLS & set(parameter.opts):
            continue
        is_argument = parameter.param_type_name == "argument"
        names = [parameter.name.upper()] if is_argument else parameter.opts
        is_plain = parameter.default in {None, False, ""} or callable(parameter.default)
        default = "" if is_plain else _default(parameter.default)
        yield ", ".join(f"`{name}`" for name in names), default, parameter.help or ""


def _paragraphs(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").strip().splitlines()]


# --- settings


def settings_page() -> list[str]:
    rows = [
        (f"`{PREFIX}{name.upper()}`", _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return [
        "# Settings",
        "",
        MADE,
        "",
        f"Each is `{PREFIX}NAME` in the environment or in `.env`, and `name` in `bandstand.toml` or in the user's `config.toml`.",
        "Options of a command come before the environment, that before `.env`, that before the files. A name that does not exist is",
        "refused at start, with the nearest one that does. `bandstand config show --origin` tells what is in force and where it came from.",
        "",
        *_table(("setting", "default", "meaning"), rows),
    ][:-1]


def _default(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = ",".join(map(str, value))
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{_plain(value)}`" if str(value) else ""


def _plain(value: Any) -> Any:
    """3600.0 as people write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# --- the HTTP interface


def api_page() -> list[str]:
    described = _openapi()
    lines = [
        "# The HTTP interface",
        "",
        MADE,
        "",
        "The same, for programs, is at `/openapi.json` of a running server. What the APIs mean is told in",
        "[dialects/native.md](dialects/native.md) and [dialects/replicate.md](dialects/replicate.md).",
        "",
    ]
    for tag, rows in _routes(described).items():
        lines += [f"## {tag}", "", *_table(("method", "path", "does", "body"), rows)]
    for name, schema in described["components"]["schemas"].items():
        if "properties" in schema and "Validation" not in name:
            lines += [f"## Body {name}", "", schema.get("description", ""), ""]
            lines += _table(("field", "type", "default", "meaning"), _fields(described, schema))
    lines += [
        "## Errors",
        "",
        "Each dialect tells them in its own shape; the status is the same.",
        "",
    ]
    lines += _table(("status", "error", "means"), _refusals())
    lines += ["On the command line they become exit codes:", ""]
    lines += _table(("code", "error"), _exit_codes())
    return lines[:-1]


def _openapi() -> dict[str, Any]:
    """As a server without any setting of this machine describes itself."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        return build(Settings(data=Path(folder))).app.openapi()


def _routes(described: dict[str, Any]) -> dict[str, list[tuple[str, str, str, str]]]:
    tagged: dict[str, list[tuple[str, str, str, str]]] = {}
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            bodies = [_type(described, body["schema"]) for body in content.values()]
            row = (method.upper(), f"`{path}`", route["summary"], ", ".join(bodies))
            tagged.setdefault(route["tags"][0], []).append(row)
    return tagged


def _fields(
    described: dict[str, Any], schema: dict[str, Any]
) -> Iterator[tuple[str, str, str, str]]:
    for name, field in schema["properties"].items():
        is_required = name in schema.get("required", ())
        default = "required" if is_required else _default(field.get("default"))
        yield f"`{name}`", _type(described, field), default, field.get("description", "")


def _type(described: dict[str, Any], field: dict[str, Any]) -> str:
    """A field's type in a person's words: choices, ranges, lengths."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        referred = described["components"]["schemas"][name]
        return _type(described, referred) if "enum" in referred else name
    if "anyOf" in field:
        return " or ".join(_type(described, kind) for kind in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    limits = [
        f"{words} {_plain(field[name])}"
        for name, words in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if name in field and abs(field[name]) < JSON_EXACT
    ]
    return " ".join([field.get("type", "anything"), *limits])


def _refusals() -> list[tuple[int, str, str]]:
    kinds = [kind for kind in _all_errors() if kind.__doc__ and _is_told(kind)]
    return [(status_of(_example(kind)), f"`{kind.__name__}`", kind.__doc__ or "") for kind in kinds]


def _is_told(kind: type[BandstandError]) -> bool:
    """Those below only name families, or never reach a client as an answer."""
    silent = {
        errors.Refused,
        errors.Misconfigured,
        errors.Failed,
        errors.EngineDied,
        errors.Canceled,
    }
    return kind not in silent


def _example(kind: type[BandstandError]) -> BandstandError:
    return kind("field", "problem") if kind is errors.Invalid else kind()  # pyright: ignore[reportCallIssue]


def _exit_codes() -> list[tuple[int, str]]:
    return [(code, f"`{kind.__name__}`") for kind, code in CODES]


def _all_errors(kind: type[BandstandError] = BandstandError) -> Iterator[type[BandstandError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _all_errors(inner)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
