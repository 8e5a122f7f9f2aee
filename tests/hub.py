"""A Hugging Face hub on loopback: the few of its addresses that a pull asks, with interruptions on demand.

Source: the answers that huggingface_hub 2.4 reads (`HfApi.model_info`, `hf_hub_url`): huggingface.co/docs/hub/api.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGE_BYTES = 50_000  # from here on a file is kept as LFS does it, behind a redirect


@dataclass
class Commit:
    files: Mapping[str, bytes]
    licence: str | None = None


@dataclass
class Hub:
    """repositories  name -> revision -> commit; the last one added is what "main" means
    cut_after     bytes of a large file after which the connection ends, once for each entry
    stalls_after  bytes of a large file after which nothing more comes until `released`
    lies          names of files whose content is not what their checksum says
    """

    url: str = ""
    repositories: dict[str, dict[str, Commit]] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # (path, Range)
    cut_after: list[int] = field(default_factory=list)
    stalls_after: int | None = None
    released: threading.Event = field(default_factory=threading.Event)
    lies: set[str] = field(default_factory=set)
    ignores_ranges: bool = False

    def add(self, repository: str, folder: Path, *, licence: str | None = None) -> str:
        """A new newest commit with the folder's files; its hash."""
        there = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}
        named = hashlib.sha1(f"{repository}{len(self.repositories.get(repository, ()))}".encode())
        self.repositories.setdefault(repository, {})[named.hexdigest()] = Commit(files, licence)
        return named.hexdigest()

    @property
    def fetched(self) -> list[tuple[str, str | None]]:
        """What was asked of files: (name, Range)."""
        return [(p.rpartition("/")[2], r) for p, r in self.requests if p.startswith("/stored/")]

    def commit(self, repository: str, revision: str) -> tuple[str, Commit] | None:
        commits = self.repositories.get(repository, {})
        if revision == "main" and commits:
            return list(commits.items())[-1]
        return (revision, commits[revision]) if revision in commits else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Tests read `Hub.requests`."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.hub.requests.append((path, self.headers.get("Range")))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._info(found[1], found[2] or "main")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(*found.groups())
        elif found := re.fullmatch(r"/stored/([^/]+/[^/]+)/([^/]+)/(.+)", path):
            _, commit = self.hub.commit(found[1], found[2]) or self.fail()
            self._content(found[3], commit.files[found[3]])
        else:
            self._refuse("EntryNotFound")

    def _info(self, repository: str, revision: str) -> None:
        if repository not in self.hub.repositories:
            return self._refuse("RepoNotFound")
        found = self.hub.commit(repository, revision)
        if found is None:
            return self._refuse("RevisionNotFound")
        sha, commit = found
        body = {
            "id": repository,
            "modelId": repository,
            "sha": sha,
            "siblings": [_sibling(name, content) for name, content in commit.files.items()],
            "cardData": {"license": commit.licence} if commit.licence else None,
            "private": False,
            "tags": [],
            "downloads": 0,
        }
        return self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        found = self.hub.commit(repository, revision)
        if found is None or name not in found[1].files:
            return self._refuse("EntryNotFound")
        content = found[1].files[name]
        if len(content) < LARGE_BYTES:
            return self._content(name, content)
        etag = hashlib.sha256(content).hexdigest()
        headers = {
            "Location": f"{self.hub.url}/stored/{repository}/{revision}/{name}",
            "X-Repo-Commit": found[0],
            "X-Linked-Etag": f'"{etag}"',
            "X-Linked-Size": str(len(content)),
        }
        return self._answer(302, b"", headers)

    def _content(self, name: str, content: bytes) -> None:
        if name in self.hub.lies:
            content = bytes([content[0] ^ 1]) + content[1:]
        start, asked = 0, self.headers.get("Range")
        if asked and not self.hub.ignores_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        rest = content[start:]
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self._answer(206 if start else 200, rest, headers if start else {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path.startswith("/stored/") and self.hub.cut_after:
            self.wfile.write(body[: self.hub.cut_after.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return
        if self.path.startswith("/stored/") and self.hub.stalls_after is not None:
            self.wfile.write(body[: self.hub.stalls_after])
            self.wfile.flush()
            self.hub.released.wait(120)
            self.close_connection = True
            return
        self.wfile.write(body)

    def _refuse(self, code: str) -> None:
        self._answer(404, b"{}", {"X-Error-Code": code, "X-Error-Message": "no such thing"})

    def fail(self) -> Any:
        raise AssertionError(self.path)


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    git = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
    told: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git}
    if len(content) >= LARGE_BYTES:
        sha256 = hashlib.sha256(content).hexdigest()
        told["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
    return told


@contextlib.contextmanager
def running_hub() -> Generator[Hub]:
    hub = Hub()
    handler = type("OurHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield hub
    hub.released.set()
    server.shutdown()
    server.server_close()
    thread.join()
