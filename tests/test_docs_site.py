"""The documentation as a site: it builds, every link in it leads to a page and a heading that are there, and it fetches nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

REPOSITORY = Path(__file__).parents[1]
BUILD_SECONDS_MAX = 60.0
# What a browser fetches by itself, and where its address stands.
FETCHED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """What a built page links to, what it fetches, and which places in it can be linked to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.places = {""}
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        self.fetched += [given[name] for kind, name in FETCHED if kind == tag and name in given]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and "stylesheet" in given.get("rel", ""):
            self.fetched.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation")
    shutil.copytree(REPOSITORY / "docs", folder / "docs")
    shutil.copy(REPOSITORY / "mkdocs.yml", folder)
    done = subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {file: Page(file) for file in sorted(site.rglob("*.html"))}


def test_every_document_becomes_a_page(site: Path) -> None:
    documents = {path.relative_to(REPOSITORY / "docs") for path in REPOSITORY.glob("docs/**/*.md")}

    missing = [name for name in documents if not _page_of(site, name).exists()]

    assert len(documents) > 30
    assert not missing


def test_every_link_leads_to_a_page_and_a_place_in_it(site: Path, pages: dict[Path, Page]) -> None:
    broken = [
        f"{file.relative_to(site)}: {link}"
        for file, page in pages.items()
        if file.name != "404.html"
        for link in page.links
        if not _is_elsewhere(link) and not _leads(site, file, link, pages)
    ]

    assert not broken


def test_no_page_fetches_anything_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    fetched = {link for page in pages.values() for link in page.fetched}
    styles = "".join(file.read_text() for file in site.rglob("*.css"))

    assert fetched
    assert not [link for link in fetched if _is_elsewhere(link)]
    assert not re.findall(r"url\([\"']?https?:", styles)


def test_the_contents_name_every_document_but_decisions() -> None:
    listed = set(re.findall(r"[\w/-]+\.md$", (REPOSITORY / "mkdocs.yml").read_text(), re.MULTILINE))
    documents = {
        str(path.relative_to(REPOSITORY / "docs")) for path in REPOSITORY.glob("docs/**/*.md")
    }

    assert listed == {name for name in documents if not name.startswith("decisions/")}


def _page_of(site: Path, document: Path) -> Path:
    if document.name == "index.md":
        return site / document.with_suffix(".html")
    return site / document.with_suffix("") / "index.html"


def _is_elsewhere(link: str) -> bool:
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def _leads(site: Path, file: Path, link: str, pages: dict[Path, Page]) -> bool:
    path, place = urlsplit(link).path, unquote(urlsplit(link).fragment)
    target = site / path.lstrip("/") if path.startswith("/") else file.parent / unquote(path)
    target = file if not path else target.resolve()
    if target.is_dir():
        target /= "index.html"
    if target in pages:
        return place in pages[target].places
    return target.exists()
