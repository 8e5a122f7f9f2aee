"""Pieces made by a server: `bandstand generate --server URL`. Ctrl-C calls the job off there, too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bandstand.cli.piece import WANTED, Bar, Made, bar, place_of, working_folder
from bandstand.cli.say import hinted
from bandstand.client import UNREACHABLE, ApiError, Bandstand, Job, JobFailed
from bandstand.errors import (
    BandstandError,
    Canceled,
    Failed,
    NoCredit,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from bandstand.specs import MusicSpec, Span

REFUSALS: dict[int, Callable[[str], BandstandError]] = {
    401: lambda text: hinted(
        Unauthenticated(text), "export BANDSTAND_API_KEY=… (from: bandstand keys create)"
    ),
    402: NoCredit,
    429: TooMany,
}


class Remote:
    """A server in the place of this machine's engines; `Studio` has the same shape.

    also  kinds of files to keep besides the track and its stems
    """

    def __init__(self, url: str, key: str | None, also: frozenset[str]) -> None:
        self._url = url
        self._server = Bandstand(url, key)
        self._kinds = WANTED | also

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.close()

    def make(self, spec: MusicSpec, target: Path) -> Made:
        with working_folder(target) as folder, _in_our_words(self._url), bar() as drawn:
            job = self._server.create(spec.prompt, **self._wish(spec))
            try:
                done = self._follow(job, drawn)
            except KeyboardInterrupt:
                self._server.cancel(job.id)
                raise
            files = [
                self._keep(each, folder, target) for each in done.outputs if self._is_kept(each)
            ]
            return Made(sorted(files, key=lambda file: file["kind"] != "audio"), done.seed)

    def _follow(self, job: Job, drawn: Bar) -> Job:
        for event in self._server.events(job.id):
            if event.kind == "progress":
                drawn.progress(event.detail["fraction"])
            elif event.kind == "log":
                drawn.log(event.detail["line"])
            job = event.job or job
        if job.status == "canceled":
            raise Canceled
        if job.status != "succeeded":
            raise JobFailed(job)
        return job

    def _is_kept(self, output: Any) -> bool:
        return output.kind in self._kinds

    def _keep(self, output: Any, folder: Path, target: Path) -> dict[str, Any]:
        place = place_of(output.kind, output.name, target)
        self._server.download(output, folder / output.name).replace(place)
        about = dict(output.about)
        return {"name": place.name, "kind": output.kind, "bytes": output.bytes, "about": about}

    def _wish(self, spec: MusicSpec) -> Any:
        """The words of the native API; files of this machine are sent there first."""
        sampling = spec.sampling
        wish: dict[str, Any] = {
            "model": spec.model,
            "seconds": spec.seconds,
            "seed": spec.seed,
            "encoding": spec.encoding.value,
            "loudness": spec.loudness.value,
            "sample_rate": spec.sample_rate,
            "melody": self._stretch(spec.melody),
            "continues": self._stretch(spec.continues),
            "score": spec.score and self._address(spec.score.uri),
            "variation": spec.variation,
            "stems": spec.stems and spec.stems.value,
            "sections": [{"start": each.start, "prompt": each.prompt} for each in spec.sections],
            "multiband": spec.multiband,
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "guidance": sampling.guidance,
        }
        return {name: value for name, value in wish.items() if value is not None}

    def _stretch(self, span: Span | None) -> dict[str, Any] | None:
        if span is None:
            return None
        told = {"source": self._address(span.source.uri), "start": span.start, "end": span.end}
        return {name: value for name, value in told.items() if value is not None}

    def _address(self, place: str) -> str:
        if place.startswith(("http://", "https://")):
            return place
        try:
            return self._server.upload(place)
        except OSError as error:
            raise Refused(f"{place}: {error.strerror}") from None


@contextlib.contextmanager
def _in_our_words(url: str) -> Generator[None]:
    """What the server says as errors of ours, so that exit codes mean the same here as there."""
    try:
        yield
    except ApiError as error:
        kind = REFUSALS.get(error.status, Unavailable if error.status >= 500 else Refused)
        raise kind(str(error)) from None
    except JobFailed as failure:
        raise Failed(str(failure)) from None
    except UNREACHABLE as error:
        raise hinted(Unavailable(f"{url} does not answer: {error}"), "bandstand serve") from None
