"""Who uses the program: somebody who types commands, and somebody at the page, where all tests share a server and those of a file a browser."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, begin, browser, cookies
from playwright.sync_api import Browser
from servers import Server
from shell import Shell

DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server whose data folder commands look into, or to which they speak."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def beside(running: Server, tmp_path: Path) -> Shell:
    """Somebody on the machine of the running server."""
    return Shell(tmp_path, DATA=str(running.folder / "data"))


@pytest.fixture(scope="module")
def chromium_browser() -> Generator[Browser]:
    """For as long as a file of tests: while it is open, playwright's own event loop runs, and no other can."""
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    server = Server(tmp_path_factory.mktemp("page"), {"engines": "fake,composer,canvas"})
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def logged_in(chromium_browser: Browser, page_server: Server) -> Any:
    return cookies(chromium_browser, page_server)


@pytest.fixture
def visiting(
    chromium_browser: Browser, page_server: Server, logged_in: Any
) -> Generator[Callable[..., Visit]]:
    """`visiting(color_scheme="dark", ...)`: a logged-in page. At the end of the test nothing may have been complained of."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        given = {"viewport": DESKTOP, "storage_state": logged_in, **options}
        visits.append(begin(chromium_browser.new_context(**given), page_server))
        return visits[-1]

    yield visit
    for visit in visits:
        visit.page.context.close()
    assert [complaint for visit in visits for complaint in visit.complaints] == []


@pytest.fixture
def visit(visiting: Callable[..., Visit]) -> Visit:
    return visiting()
