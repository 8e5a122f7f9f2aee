"""A real Chromium for tests of the page. Where there is none, tests that need it are skipped, saying so."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from patience import PATIENCE_SECONDS, once
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from servers import Server

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--autoplay-policy=user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def chromium() -> Path:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(PROGRAMS)} is installed")
    return Path(found)


@contextmanager
def browser() -> Generator[Browser]:
    program = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield opened
        opened.close()


def tone_file(file: Path, *, seconds: float) -> Path:
    """A WAV file with a tone in it."""
    times = np.arange(round(seconds * 16000)) / 16000
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 440 * times), 16000)
    return file


def login_link(server: Server) -> str:
    """A fresh one, as `bandstand login` prints it."""
    found = re.search(r"http\S+/login/\S+", server.run("login"))
    assert found, "bandstand login printed no link"
    return found[0]


def cookies(browser: Browser, server: Server) -> Any:
    """What a browser has after the link of `bandstand login` was opened in it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(login_link(server))
    page.locator(".studio").wait_for()
    state = context.storage_state()
    context.close()
    return state


@dataclass
class Visit:
    """A page of a browser that is logged in, and what it complained of."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    @property
    def player(self) -> dict[str, Any]:
        """What sounds on it, by its own account."""
        return self.page.evaluate(
            """async () => {
                const { now, time, isPlaying } = await import("/assets/player.js");
                const { live, job, region, loops } = now;
                return { time: time(), playing: isPlaying(), live: Boolean(live), loops, region,
                    come: live?.come ?? 0, loudest: live ? Math.max(...live.peaks) : 0,
                    job: job?.id ?? null, status: job?.status ?? null };
            }"""
        )

    def wait_for(self, expression: str) -> None:
        """Until this is true of the player's `now`, `time` and `isPlaying`."""
        asked = f"""async () => {{
            const {{ now, time, isPlaying }} = await import("/assets/player.js");
            return Boolean({expression});
        }}"""
        once(lambda: self.page.evaluate(asked), bool)

    def ask(self, prompt: str, *, model: str = "fake", seconds: float = 2) -> None:
        """Fill the form and send it."""
        self.page.get_by_label("What should it sound like?").fill(prompt)
        self.page.get_by_label("Model").select_option(model)
        self.page.get_by_label("Duration in seconds, exactly").fill(str(seconds))
        self.page.get_by_role("button", name="Generate").click()

    def finished(self, prompt: str) -> None:
        """Until a piece of this prompt stands in the library."""
        card = self.page.locator(".card", has_text=prompt).first
        card.wait_for(timeout=PATIENCE_SECONDS * 1000)


def begin(context: BrowserContext, server: Server) -> Visit:
    """A page of somebody who is logged in already."""
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    visit = Visit(page, server)

    def hear(message: ConsoleMessage) -> None:
        # Whoever begins to listen at the moment in which a job fails gets a 404, which the browser tells by itself.
        is_late = message.location["url"].endswith("/audio") and "404" in message.text
        if message.type in {"error", "warning"} and not is_late:
            visit.complaints.append(f"{message.type}: {message.text} ({message.location})")

    page.on("console", hear)
    page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    page.goto(server.url)
    page.locator(".studio").wait_for()
    return visit
