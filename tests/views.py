"""Every view of the page as a picture, in both themes and three sizes: `python -m views FOLDER`. For eyes, not for comparison."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from browser import Visit, begin, browser, cookies, tone_file
from playwright.sync_api import Page
from servers import Server, ask, made

SIZES = {"wide": (1360, 900), "tablet": (820, 1100), "phone": (320, 720)}
PROMPTS = (
    "lo-fi hip hop with a mellow Rhodes, rain outside, 78 bpm, D minor",
    "sunny tropical house with marimba, 118 bpm",
    "slow cinematic strings that swell into brass, heroic, C minor",
    "irish reel for fiddle, whistle and bodhran, 112 bpm, G major",
    "gentle felt piano, sparse, late evening, 70 bpm",
    "dub techno, deep chords in long echoes, 122 bpm, A minor",
    "bossa nova with nylon guitar and brushed drums, 130 bpm",
    "موسيقى هادئة للعود والناي",
)


def studio(page: Page) -> None:
    page.locator(".stage .play").wait_for()


def advanced(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_label("Seed").scroll_into_view_if_needed()


def given(page: Page) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sound = tone_file(Path(folder) / "humming in the kitchen.wav", seconds=6)
        page.locator("input[type=file]").set_input_files(sound)
        page.locator(".held").wait_for()
    page.get_by_label("Cut: from").fill("1.5")
    page.locator(".held").scroll_into_view_if_needed()


def under_way(page: Page) -> None:
    page.get_by_label("What should it sound like?").fill("work=8 steps=40 rain on a tin roof")
    page.get_by_label("Model").select_option("fake")
    page.get_by_role("button", name="Generate").click()
    page.locator(".queue progress[value]").wait_for()
    page.wait_for_timeout(2500)
    page.locator(".stage").scroll_into_view_if_needed()


def code(page: Page) -> None:
    page.get_by_label("What should it sound like?").fill("a slow waltz for accordion")
    page.get_by_role("button", name="Code").click()
    page.get_by_role("tab", name="Replicate").click()


def share(page: Page) -> None:
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_label("The link", exact=True).wait_for()


def menu(page: Page) -> None:
    page.get_by_role("button", name="Download").click()


def guide(page: Page) -> None:
    page.get_by_role("button", name="Help").click()


def images(page: Page) -> None:
    page.get_by_role("tab", name="Images").click()
    page.get_by_label("What should it show?").fill("neon synthwave sunset")
    page.get_by_role("button", name="Draw").click()
    page.locator(".card", has_text="neon synthwave").first.wait_for()


def beside(name: str) -> Callable[[Page], None]:
    def show(page: Page) -> None:
        page.get_by_role("link", name=name, exact=True).click()
        page.locator(".page").wait_for()

    return show


VIEWS: Mapping[str, Callable[[Page], None]] = {
    "studio": studio,
    "advanced": advanced,
    "given": given,
    "under-way": under_way,
    "code": code,
    "share": share,
    "menu": menu,
    "help": guide,
    "images": images,
    "keys": beside("Keys"),
    "usage": beside("Usage"),
    "webhooks": beside("Webhooks"),
}


def fill(server: Server) -> None:
    """Something to look at."""
    with server.client() as client:
        for number, prompt in enumerate(PROMPTS):
            made(client, prompt=prompt, model="composer", seconds=8 + number)
        ask(client, prompt="fail for the webhook", webhook={"url": "https://music.example/hook"})
    server.run("keys", "create", "--name", "laptop")


def pieces(server: Server) -> set[str]:
    with server.client() as client:
        return {job["id"] for job in client.get("/v1/jobs").json()["jobs"]}


def tidy(server: Server, kept: set[str]) -> None:
    """Away with what the views made themselves: the next ones begin with a piece to play."""
    with server.client() as client:
        for job in pieces(server) - kept:
            client.delete(f"/v1/jobs/{job}")


def take(visit: Visit, name: str, file: Path) -> None:
    VIEWS[name](visit.page)
    visit.page.wait_for_timeout(300)
    visit.page.screenshot(path=file)


def take_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, browser() as opened:
        server = Server(Path(place), {"engines": "fake,composer,canvas"})
        server.start()
        try:
            fill(server)
            login, kept = cookies(opened, server), pieces(server)
            for theme in ("light", "dark"):
                for size, (width, height) in SIZES.items():
                    tidy(server, kept)
                    for view in VIEWS:
                        context = opened.new_context(
                            viewport={"width": width, "height": height},
                            color_scheme=theme,
                            storage_state=login,
                        )
                        take(begin(context, server), view, folder / f"{view}-{theme}-{size}.png")
                        context.close()
        finally:
            server.kill()


if __name__ == "__main__":
    take_all(Path(sys.argv[1]))
