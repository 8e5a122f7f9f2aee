"""`bandstand openapi`: the description of the HTTP interface for programs that make clients, tests or collections of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bandstand.cli.say import AsJson, show_json
from bandstand.errors import Invalid


def openapi(
    *,
    api: Annotated[
        str | None,
        typer.Option(help="Only one of them: native, replicate, leap, modelslab or segmind."),
    ] = None,
    as_json: AsJson = True,
) -> None:
    """Print what a server answers at /openapi.json, without one running. It is JSON in any case."""
    from bandstand.build import build
    from bandstand.settings import Settings

    del as_json
    with tempfile.TemporaryDirectory() as folder:
        # As a server without any setting of this machine describes itself.
        defaults = Settings.model_construct(data=Path(folder))
        described = build(defaults).app.openapi()
    show_json(described if api is None else only(described, api))


def only(described: dict[str, Any], api: str) -> dict[str, Any]:
    """The paths of one API and the shapes that they speak of."""
    paths = {
        path: methods
        for path, methods in described["paths"].items()
        if any(api in route.get("tags", ()) for route in methods.values())
    }
    if not paths:
        raise Invalid("api", f"there is none with the name {api!r}")
    shapes: dict[str, Any] = described["components"]["schemas"]
    return {
        **described,
        "paths": paths,
        "components": {**described["components"], "schemas": _reached(paths, shapes)},
    }


def _reached(told: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ahead = [told]
    while ahead:
        part = ahead.pop()
        if isinstance(part, list):
            ahead += part
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name in shapes and name not in found:
                found[name] = shapes[name]
                ahead.append(shapes[name])
            ahead += part.values()
    return {name: shapes[name] for name in shapes if name in found}
