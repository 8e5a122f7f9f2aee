"""What the page is like, in a real Chromium: readable for all, quick, small, and unmoved by hostile text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from browser import Visit
from patience import once
from playwright.sync_api import Page, expect
from servers import made
from views import VIEWS

import bandstand.web.playground

ASSETS = Path(bandstand.web.playground.__file__).parent / "assets"
BYTES_MAX = 100_000
PAINT_SECONDS_MAX = 0.5
DRAWN_SECONDS_MAX = 0.2
TRACKS = 200
HOSTILE = '<img src=x onerror="window.hit=1"><b>{{7*7}}</b> \u202eevil\u202c &amp; \' ; DROP'
CALM = ("studio", "advanced", "code", "keys", "usage", "webhooks")
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(visiting: Callable[..., Visit], theme: str) -> None:
    visit = visiting(color_scheme=theme)
    with visit.server.client() as client:
        made(client, prompt="for axe")
    found = {}

    for view in CALM:
        visit.page.goto(visit.server.url + "/#/")
        visit.page.reload()
        visit.page.locator(".stage .play").wait_for()
        VIEWS[view](visit.page)
        found[view] = faults(visit.page)

    assert found == {view: [] for view in CALM}


@pytest.mark.parametrize("view", ["studio", "given", "keys", "usage", "webhooks"])
@pytest.mark.parametrize("screen", [NARROW, ZOOMED], ids=["320 pixels", "zoom of 200 %"])
def test_nothing_sticks_out(
    visiting: Callable[..., Visit], screen: dict[str, Any], view: str
) -> None:
    visit = visiting(**screen)
    with visit.server.client() as client:
        made(client, prompt="narrow " + "unbreakable" * 20)
    visit.page.reload()
    visit.page.locator(".stage .play").wait_for()

    VIEWS[view](visit.page)

    widest = visit.page.evaluate("document.documentElement.scrollWidth")
    assert widest <= screen["viewport"]["width"]


def test_targets_are_large_enough_for_fingers(visit: Visit) -> None:
    sizes = visit.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, summary, nav a")]
            .filter(node => node.checkVisibility() && !node.closest(".unseen, .segments"))
            .map(node => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
            .filter(([, box]) => box.width && Math.min(box.width, box.height) < 24)
            .map(([html]) => html)"""
    )

    assert sizes == []


def test_nothing_moves_for_who_wants_no_motion(visiting: Callable[..., Visit]) -> None:
    visit = visiting(reduced_motion="reduce")

    moving = visit.page.evaluate(
        """() => [...document.querySelectorAll("*")]
            .map(node => getComputedStyle(node))
            .filter(style => style.animationName !== "none" || parseFloat(style.transitionDuration)).length"""
    )

    assert moving == 0


def test_chosen_theme_is_kept(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Dark colours").click()
    visit.page.reload()

    assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert visit.page.evaluate("JSON.stringify({...localStorage})") == '{"theme":"dark"}'


def test_hostile_prompt_is_shown_as_text(visit: Visit) -> None:
    visit.ask(HOSTILE, seconds=1)

    card = visit.page.locator(".card .name", has_text="<img src=x").first
    card.wait_for()
    assert card.inner_text() == HOSTILE
    assert visit.page.evaluate("window.hit") is None
    assert visit.page.locator("img[src=x]").count() == 0


def test_too_long_a_prompt_is_refused_and_kept(visit: Visit) -> None:
    long = "la " * 1700

    visit.ask(long)

    expect(visit.page.locator(".composer .bad")).to_contain_text("prompt")
    assert len(visit.page.get_by_label("What should it sound like?").input_value()) == len(long)
    visit.complaints.clear()  # Chromium calls every refusal an error


def test_prompt_of_4000_letters_breaks_nothing(visit: Visit) -> None:
    visit.ask("x" * 4000, seconds=1)

    visit.finished("x" * 100)
    widest = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert widest <= 0


def test_first_paint_comes_soon(visit: Visit) -> None:
    def paint() -> float:
        visit.page.reload()
        return once(
            lambda: visit.page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            )
        )

    assert min(paint() for _ in range(3)) / 1000 < PAINT_SECONDS_MAX


def test_page_is_small() -> None:
    """All that there is, so whatever the studio loads of it too."""
    assert sum(file.stat().st_size for file in ASSETS.iterdir()) < BYTES_MAX


def test_library_of_200_tracks_is_drawn_at_once(visit: Visit) -> None:
    with visit.server.client() as client:
        job = made(client, prompt="one of many")
    with sa.create_engine(f"sqlite:///{visit.server.folder}/data/bandstand.db").begin() as database:
        _multiply(database, job["id"], TRACKS)

    def drawn() -> float:
        visit.page.reload()
        shown = "performance.getEntriesByName('library-drawn')[0]?.duration"
        return once(lambda: visit.page.evaluate(shown))

    assert min(drawn() for _ in range(3)) / 1000 < DRAWN_SECONDS_MAX
    assert visit.page.locator(".card").count() >= TRACKS


def _multiply(database: sa.Connection, job_id: str, count: int) -> None:
    """The finished job so many times, each under an id of its own."""
    jobs = sa.Table("jobs", sa.MetaData(), autoload_with=database)
    row = dict(database.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().one())
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for number in range(count):
        new_id = job_id[:-2] + letters[number // 32] + letters[number % 32]
        if new_id != job_id:
            changed = {"id": new_id, "number": row["number"] + 1 + number}
            database.execute(jobs.insert().values({**row, **changed}))
