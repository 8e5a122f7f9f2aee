"""One server for all tests of the page, one browser for each file of them; each test gets a visit of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from browser import Visit, begin, browser, cookies
from playwright.sync_api import Browser
from servers import Server

DESKTOP = {"width": 1280, "height": 900}


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
