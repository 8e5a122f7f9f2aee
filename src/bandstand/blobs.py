"""Where results are kept: a folder, or a bucket of S3 or of anything that speaks like it.

Not a cache and not for secrets. A key is made by us, never by a client: `jobs/<id>/<name>`. Whatever
stands under a key is whole: on disk it is written aside and renamed, in a bucket it appears at the
end of the upload. Writing a key again replaces it. Uploads to a bucket that break off leave parts
nobody sees; a lifecycle rule of the bucket should remove them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
from collections.abc import AsyncIterator, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from bandstand.errors import Misconfigured, NotFound, Unavailable

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, S3Config

_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_KEY = re.compile(rf"{_SEGMENT}(/{_SEGMENT}){{0,7}}", re.ASCII)
_PART = 8 << 20  # bytes of one part of an upload
_PARTS_AT_ONCE = 3
_PIECE = 2 << 20  # bytes of one piece of a download
_SIGNED_SECONDS = 7 * 86400
_S3_OPTIONS = {
    "endpoint": "endpoint",
    "region": "region",
    "key": "access_key_id",
    "secret": "secret_access_key",
}


@dataclass(frozen=True)
class Stored:
    """What was put: size in bytes, sha256 in hexadecimal."""

    size: int
    sha256: str


def open_blobs(url: str) -> Blobs:
    """Blobs in a folder ("/folder", "file:///folder") or in a bucket ("s3://bucket/prefix").

    A bucket may have ?endpoint=&region=&key=&secret=; what is not given there comes from the AWS_*
    environment. Plain HTTP is spoken only to an endpoint that is spelled with http.

    raises  Misconfigured for another kind of URL, or an option there is not
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Blobs(_open_s3(parts.netloc, parts.path.strip("/"), options))
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return _open_folder(Path(unquote(parts.path)))
    if "://" not in url and url:
        return _open_folder(Path(url))
    raise Misconfigured(f"Files are kept in a folder or at s3://bucket, not at {parts.scheme}://.")


class Bucket:
    """An account's own bucket, where copies of its results go; never read and never cleared by us.

    public  address under which the world reads what lies in it; None: links are signed, and work for a week, which is the
            longest that S3 knows
    """

    def __init__(self, store: S3Store, public: str | None) -> None:
        self._store = store
        self._public = public

    async def put(self, key: str, file: Path, media_type: str) -> str:
        """Copy a file and return its link. raises Unavailable when the bucket does not take it."""
        try:
            return await asyncio.to_thread(self._put, key, file, media_type)
        except (BaseError, OSError) as error:
            raise Unavailable("The account's own bucket does not take files.") from error

    def _put(self, key: str, file: Path, media_type: str) -> str:
        obstore.put(self._store, key, file, attributes={"Content-Type": media_type})
        if self._public is not None:
            return f"{self._public}/{key}"
        return obstore.sign(self._store, "GET", key, timedelta(seconds=_SIGNED_SECONDS))


def open_bucket(url: str) -> Bucket:
    """An account's own bucket: like a bucket of `open_blobs`, besides with ?public=https://... for links that last.

    raises  Misconfigured
    """
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise Misconfigured("An account's results are copied to s3://bucket/prefix, nowhere else.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    public = options.pop("public", None)
    if public is not None and not public.startswith(("https://", "http://")):
        raise Misconfigured("public must be an http(s) address.")
    store = _open_s3(parts.netloc, parts.path.strip("/"), options)
    return Bucket(store, public and public.rstrip("/"))


class Blobs:
    """Bytes under keys.

    Trap: obstore's own asynchronous calls answer from a thread of theirs that may still hold Python
    objects when the interpreter ends, which then aborts (11 of 20 short processes did). Its plain
    calls in a thread of ours do not.

    root  the folder, when it is one: symbolic links that lead out of it are not followed
    """

    def __init__(self, store: LocalStore | S3Store, root: Path | None = None) -> None:
        self._store = store
        self._root = root

    async def put(self, key: str, data: bytes | Path) -> Stored:
        """Keep bytes, or a file's content without loading it whole.

        Whoever is canceled meanwhile is told when it is over: a file does not appear after its asker has cleaned up.

        raises  ValueError for a key that is none, Unavailable when the store is full or away
        """
        if not self._is_ours(key):
            raise ValueError(f"not a key: {key!r}")
        putting = asyncio.ensure_future(asyncio.to_thread(self._put, key, data))
        try:
            return await asyncio.shield(putting)
        except asyncio.CancelledError:
            await asyncio.wait([putting])
            raise

    async def get(self, key: str) -> bytes:
        """All the bytes; raises NotFound, Unavailable."""
        with self._told(key):
            return await asyncio.to_thread(lambda: bytes(obstore.get(self._store, key).bytes()))

    async def size(self, key: str) -> int:
        """How many bytes; raises NotFound, Unavailable."""
        with self._told(key):
            return (await asyncio.to_thread(obstore.head, self._store, key))["size"]

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but not including `end`, a few megabytes at a time.

        Each piece is a request of its own, so that a client who reads slowly holds no connection to
        the store and meets no deadline. Ask for `size` first: NotFound comes with the first piece.

        end  at most the size
        """
        for at in range(start, end, _PIECE):
            with self._told(key):
                piece = await asyncio.to_thread(
                    obstore.get_range, self._store, key, start=at, end=min(at + _PIECE, end)
                )
            yield bytes(piece)

    async def list(self, prefix: str) -> Sequence[str]:
        """The keys in a folder such as "jobs/<id>" and in the folders below it, sorted."""
        with self._told(prefix):
            return await asyncio.to_thread(self._keys, prefix)

    async def delete_prefix(self, prefix: str) -> None:
        """Forget a whole folder; one that is not there is forgotten already."""
        with self._told(prefix):
            await asyncio.to_thread(self._delete, prefix)

    def _put(self, key: str, data: bytes | Path) -> Stored:
        stored = _describe(data)
        try:
            obstore.put(self._store, key, data, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
            if self._root:
                _sync(self._root, key)
        except (BaseError, OSError) as error:
            raise Unavailable("The store of files cannot take this file now.") from error
        return stored

    def _keys(self, prefix: str) -> Sequence[str]:
        found = obstore.list(self._store, prefix).collect()
        return sorted(meta["path"] for meta in found if self._is_ours(meta["path"]))

    def _delete(self, prefix: str) -> None:
        keys = self._keys(prefix)
        if not keys:
            return
        try:
            obstore.delete(self._store, keys)
        except FileNotFoundError:
            # Somebody else is deleting the same folder, and one missing file stops the whole batch.
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    obstore.delete(self._store, key)

    @contextlib.contextmanager
    def _told(self, key: str) -> Generator[None]:
        """Failures of reading, in our words."""
        if not self._is_ours(key):
            raise NotFound
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound from error
        except (BaseError, OSError) as error:
            raise Unavailable("The store of files does not answer.") from error

    def _is_ours(self, key: str) -> bool:
        if not _KEY.fullmatch(key):
            return False
        return not self._root or (self._root / key).resolve().is_relative_to(self._root)


def _open_folder(folder: Path) -> Blobs:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root = folder.resolve()
        return Blobs(LocalStore(root, automatic_cleanup=True), root)
    except (BaseError, OSError) as error:
        raise Misconfigured(f"Files cannot be kept in {folder}: {error}") from error


def _open_s3(bucket: str, prefix: str, options: dict[str, str]) -> S3Store:
    unknown = options.keys() - _S3_OPTIONS.keys()
    if unknown or not bucket:
        problem = f"has no option {', '.join(sorted(unknown))}" if unknown else "needs a bucket"
        raise Misconfigured(f"s3://bucket/prefix {problem}.")
    known = {_S3_OPTIONS[name]: value for name, value in options.items()}
    # Allowing HTTP is no offer of it: without an endpoint spelled so, obstore speaks HTTPS.
    client: ClientConfig = {"allow_http": True, "connect_timeout": "800ms", "timeout": "60s"}
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            client_options=client,
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            config=cast("S3Config", known),
        )
    except BaseError as error:
        raise Misconfigured(f"The bucket {bucket} cannot be used: {error}") from error


def _describe(data: bytes | Path) -> Stored:
    if isinstance(data, bytes):
        return Stored(len(data), hashlib.sha256(data).hexdigest())
    with data.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Stored(file.tell(), digest.hexdigest())


def _sync(root: Path, key: str) -> None:
    """Wait until the file, and the folders that know its name, have reached the disk."""
    path = root / key
    for place in (path, *path.parents):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if place == root:
            return
