"""`bandstand config`: the settings in force and where they come from. Never what must stay secret."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bandstand.cli.say import AsJson, hinted, show_done, show_json, show_table
from bandstand.errors import Conflict, Unavailable

HIDDEN = "**********"
# In postgresql://user:PASSWORD@host and s3://bucket?key=NAME&secret=SECRET
PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")
OPTION = re.compile(r"([?&](?:secret|password)=)[^&]*")
app = typer.Typer(help="The settings in force.", no_args_is_help=True)


@app.command()
def show(
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Tell where each value came from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every setting with the value in force; secrets stay hidden."""
    from bandstand.settings import PREFIX, load_settings, origin_of

    values = {name: hide(value) for name, value in load_settings().model_dump(mode="json").items()}
    origins = {name: origin_of(name) for name in values} if origin else {}
    if as_json:
        show_json(
            {name: {"value": values[name], "from": origins[name]} for name in origins} or values
        )
        return
    show_table(
        ("setting", "value", *(["from"] if origin else [])),
        [
            (PREFIX + name.upper(), _typed(value), *([origins[name]] if origin else []))
            for name, value in values.items()
        ],
    )


@app.command()
def init(
    file: Annotated[
        Path, typer.Option("--out", "-o", help="File to write; it must not be there.")
    ] = Path("bandstand.toml"),
    *,
    printed: Annotated[bool, typer.Option("--print", help="Write to stdout instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a file with every setting, what it means and its default, to be changed by hand."""
    text = "\n".join(_template())
    if printed:
        sys.stdout.write(text)
        return
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        error = Conflict(f"{file} is there already")
        raise hinted(error, "bandstand config init --print") from None
    except OSError as error:
        raise Unavailable(f"Cannot write {file}: {error.strerror}") from None
    show_done(str(file), as_json=as_json, file=str(file))


def _template() -> Iterator[str]:
    from bandstand.settings import PREFIX, Settings

    yield "# Settings of Bandstand. What begins with # is the default, or an example where there is none."
    yield f"# The same in the environment: {PREFIX}NAME, which goes before this file."
    for name, field in Settings.model_fields.items():
        yield f"\n# {field.description}"
        default = field.get_default()
        yield f"#{name} = {_toml('…' if default is None else default)}"
    yield ""


def _toml(value: Any) -> str:
    """A default as TOML has it."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return json.dumps(value if isinstance(value, list) else str(value), ensure_ascii=False)


def hide(value: Any) -> Any:
    """The value without the secrets that a URL may carry."""
    if not isinstance(value, str):
        return value
    return OPTION.sub(rf"\1{HIDDEN}", PASSWORD.sub(rf"\1:{HIDDEN}@", value))


def _typed(value: Any) -> str:
    """As one would write it in the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
