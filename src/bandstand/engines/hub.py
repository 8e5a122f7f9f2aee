"""A repository on the Hugging Face hub as an origin of weights: what it holds at one commit, and its files, in stretches.

Only a person's own command comes here, never a request: a stranger's addresses are `fetch.py`'s. huggingface_hub knows the
addresses, tokens and mirrors (`HF_ENDPOINT`, `HF_TOKEN`); the stream is ours, because its own download begins at zero after
every interruption.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from http import HTTPStatus
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, constants, get_session, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from bandstand.engines.choose import choose_files
from bandstand.engines.pull import Choose, File, Told, write
from bandstand.errors import Invalid, NotFound, Unavailable

TRIES_MAX = 5  # without a byte in between
PAUSE_SECONDS = 1.0


class HubOrigin:
    """One commit of a repository."""

    copies = True

    def __init__(
        self,
        repository: str,
        revision: str | None = None,
        *,
        endpoint: str | None = None,
        choose: Choose = choose_files,
    ) -> None:
        """endpoint: of a mirror; by default what `HF_ENDPOINT` says, or the hub itself.

        raises  NotFound, Unavailable without network, Invalid when there are no weights in it
        """
        self.source = repository
        self._endpoint = endpoint or constants.ENDPOINT
        with self._translated(revision):
            info = HfApi(self._endpoint).model_info(
                repository, revision=revision, files_metadata=True
            )
        if info.sha is None:
            raise Unavailable(f"{self._endpoint} does not tell which commit it serves.")
        self.revision = info.sha
        card = info.card_data.to_dict() if info.card_data else {}
        self.licence = str(card["license"]) if card.get("license") else None
        there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        self.files = [
            File(
                name=name,
                bytes=there[name].size or 0,
                sha256=lfs.sha256 if (lfs := there[name].lfs) else None,
                git_sha1=None if lfs else there[name].blob_id,
            )
            for name in choose(there, repository)
        ]

    def lay(self, file: File, target: Path, told: Told) -> None:
        url = hf_hub_url(self.source, file.name, revision=self.revision, endpoint=self._endpoint)
        tries = 0
        target.touch()
        with self._translated(self.revision):
            while (start := _bytes_of(target)) < file.bytes:
                broken = _stream_some(url, target, start, told)
                tries = 0 if _bytes_of(target) > start else tries + 1
                if tries == TRIES_MAX:
                    raise broken or httpx2.ReadError("it sends nothing")

    @contextlib.contextmanager
    def _translated(self, revision: str | None) -> Generator[None]:
        """The library's errors as ours, each one sentence."""
        try:
            yield
        except GatedRepoError:
            raise NotFound(
                f"{self.source} is only for those who accepted its terms on its page, and set HF_TOKEN."
            ) from None
        except RevisionNotFoundError:
            raise NotFound(f"{self.source} has no revision {revision!r}.") from None
        except RepositoryNotFoundError:
            raise NotFound(
                f"There is no repository {self.source} at {self._endpoint}, or none for you."
            ) from None
        except HFValidationError as error:
            raise Invalid("source", str(error)) from None
        except HfHubHTTPError as error:
            raise Unavailable(
                f"{self._endpoint} answered {error.response.status_code} for {self.source}."
            ) from None
        except (httpx2.HTTPError, OfflineModeIsEnabled) as error:
            raise Unavailable(
                f"{self._endpoint} cannot be reached ({_first_line(error)}); run the same command again to go on,"
                " or without a network: bandstand models pull FOLDER"
            ) from None


def _stream_some(url: str, target: Path, start: int, told: Told) -> httpx2.HTTPError | None:
    """As `_stream`; what may pass by itself is returned after a pause."""
    try:
        _stream(url, target, start, told)
    except httpx2.HTTPError as error:
        if not _may_pass(error):
            raise
        time.sleep(PAUSE_SECONDS)
        return error
    return None


def _stream(url: str, target: Path, start: int, told: Told) -> None:
    """Append the rest of the file; a server that sends it from the beginning is believed."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with (
        get_session().stream(
            "GET",
            url,
            headers=headers,
            follow_redirects=True,
            timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
        ) as answer,
        target.open("ab", buffering=0) as file,
    ):
        hf_raise_for_status(answer)
        if start and answer.status_code != HTTPStatus.PARTIAL_CONTENT:
            file.truncate(0)
            told(-start)
        for chunk in answer.iter_raw():
            write(file.fileno(), chunk)
            told(len(chunk))


def _may_pass(error: httpx2.HTTPError) -> bool:
    """A connection that broke, or a server that is busy or being mended."""
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return True


def _bytes_of(file: Path) -> int:
    return file.stat().st_size


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
