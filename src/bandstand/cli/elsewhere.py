"""What `bandstand generate` can play: the models of this installation, or one whose weights lie in a folder of the asker's own."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from bandstand.catalog import Catalog
from bandstand.engines import Equipment
from bandstand.engines.offer import (
    MUSICGEN,
    equipment_of,
    hindrance_of,
    missing_libraries,
    open_catalog,
)
from bandstand.engines.weights import BrokenModel, look_at
from bandstand.errors import Invalid, Unavailable
from bandstand.settings import Settings


@dataclass(frozen=True)
class Offer:
    """model: its name in the catalog"""

    model: str
    catalog: Catalog
    equipment: Equipment


def offer_of(wanted: str, settings: Settings) -> Offer:
    """
    wanted  a model's name, or a folder; what is a name counts as one
    raises  Invalid for a folder that holds no model, Unavailable when it cannot be played here
    """
    catalog, equipment = open_catalog(settings), equipment_of(settings)
    folder = Path(wanted)
    if wanted in catalog.models or not (os.sep in wanted or folder.is_dir()):
        return Offer(wanted, catalog, equipment)
    if not folder.is_dir():
        raise Invalid("model", f"there is no folder {folder}")
    found = look_at(folder, folder.resolve().name)
    if isinstance(found, BrokenModel):
        raise Invalid("model", f"{folder}: {found.problem}")
    engines = [] if missing_libraries() else [MUSICGEN]
    if hindrance := hindrance_of(found, settings, engines):
        raise Unavailable(f"The model in {folder} cannot be played here: {hindrance}")
    name = found.name
    return Offer(
        name,
        dataclasses.replace(
            catalog,
            installed=catalog.installed | {name},
            models={**catalog.models, name: found.row()},
        ),
        dataclasses.replace(equipment, elsewhere={name: folder}),
    )
