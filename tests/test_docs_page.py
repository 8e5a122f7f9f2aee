"""The page's own paths are documented, though no description for programs has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bandstand.build import build
from bandstand.settings import Settings
from bandstand.web.playground.guard import is_of_page

PAGE = Path(__file__).parents[1] / "docs" / "playground.md"
NATIVE = "/app/v1/"


def test_each_path_of_the_page_is_in_its_document_with_its_methods(tmp_path: Path):
    app = build(Settings(role="api", data=tmp_path)).app
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]

    calls = {
        (method, path)
        for path, methods in paths_in(app)
        if is_of_page(path) and not path.startswith(NATIVE)
        for method in methods - {"HEAD"}
    }

    assert len(calls) > 15
    assert [
        f"{method} {path}"
        for method, path in sorted(calls)
        if not any(method in row and f"`{path}`" in row for row in rows)
    ] == []


def paths_in(app: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Of routers that were included, too, at whatever depth."""
    for route in app.routes:
        if hasattr(route, "methods"):
            yield prefix + route.path, route.methods or set()
        elif hasattr(route, "original_router"):
            yield from paths_in(route.original_router, prefix + route.include_context.prefix)
