"""`bandstand config`: the settings in force and where they come from. Never what must stay secret."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from bandstand.cli.say import AsJson, show_json, show_table

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
