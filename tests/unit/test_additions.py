"""What doctor tells of things that could be here: enough to decide, and the very command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bandstand.catalog import Catalog
from bandstand.cli.additions import Addition, additions
from bandstand.settings import Settings


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Addition]:
    """By name, on a machine without weights."""
    return {found.name: found for found in additions(Settings(data=tmp_path))}


def test_what_is_not_here_is_told_with_size_licence_and_one_command(told: dict[str, Addition]):
    weights = told["weights of MusicGen"]

    assert not weights.is_here
    for fact in ("2.4 GB", "CC-BY-NC-4.0", "no commercial use"):
        assert fact in weights.state
    assert weights.command == "bandstand models pull small"


def test_every_addition_has_all_four(told: dict[str, Addition]):
    assert len(told) >= 5
    for found in told.values():
        assert all((found.adds, found.size, found.licence, found.command))


def test_models_that_are_named_are_on_offer_under_that_licence(told: dict[str, Addition]):
    catalog = Catalog(frozenset())
    for found in told.values():
        if found.command.startswith("bandstand models pull "):
            model = catalog.find(found.command.rpartition(" ")[2])
            assert found.licence.startswith(model.licence)


def test_soundfont_of_the_settings_is_here(tmp_path: Path):
    settings = Settings(data=tmp_path, soundfont=tmp_path / "own.sf2")

    assert next(f for f in additions(settings) if f.name == "SoundFont").is_here
