"""`bandstand models`: what is on offer, and what of it can run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli.say import AsJson, show_json, show_table

if TYPE_CHECKING:
    from bandstand.catalog import Catalog, Model

app = typer.Typer(help="The models on offer.", no_args_is_help=True)


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """All models, which of them can run here, and their licences."""
    catalog = _catalog()
    rows = [_picture(catalog, model) for model in catalog.rows()]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("name", "here", "channels", "can", "licence"),
        [
            (
                row["name"],
                "yes" if row["installed"] else "no",
                row["channels"],
                ", ".join(row["abilities"]),
                row["licence"],
            )
            for row in rows
        ],
    )


@app.command()
def show(name: Annotated[str, typer.Argument(help="As in `bandstand models list`.")]) -> None:
    """All about one model, as JSON."""
    catalog = _catalog()
    show_json(_picture(catalog, catalog.find(name)))


def _catalog() -> Catalog:
    from bandstand.catalog import Catalog
    from bandstand.engines import find_installed
    from bandstand.settings import load_settings

    settings = load_settings()
    return Catalog(find_installed(settings.engines), settings.stand_in)


def _picture(catalog: Catalog, model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "installed": model.name in catalog.installed,
        "engine": model.engine,
        "weights": model.weights,
        "channels": model.channels,
        "rate": model.rate,
        "abilities": sorted(model.abilities),
        "licence": model.licence,
        "credits_per_second": model.price / 1000,
    }
