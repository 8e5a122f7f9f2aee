"""A wish of the page as a program: the same request for each API that this server speaks, and what that API has no word for.

It writes text and asks nothing. The fields are those of docs/dialects/*.md and docs/cli.md; tests give each body to its
dialect. Keys are never written into it: programs read theirs from the environment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from fastapi import Response

from bandstand.dialects import wire
from bandstand.dialects.native.images import ImageWish
from bandstand.dialects.native.wishes import Wish
from bandstand.errors import Invalid
from bandstand.service import Service
from bandstand.specs import Kind
from bandstand.web.playground import foreign
from bandstand.web.playground.literals import (
    KEY,
    Snippet,
    Words,
    as_arguments,
    as_json,
    as_python,
    as_word,
    span_of,
    unsaid,
)

FLAGS: Mapping[str, str] = {
    "seconds": "--seconds",
    "seed": "--seed",
    "model": "--model",
    "score": "--score",
    "variation": "--variation",
    "stems": "--stems",
    "temperature": "--temperature",
    "top_k": "--top-k",
    "top_p": "--top-p",
    "guidance": "--guidance",
    "encoding": "--encoding",
    "loudness": "--loudness",
    "sample_rate": "--sample-rate",
}
PICTURE_FLAGS: Mapping[str, str] = {
    "model": "--model",
    "negative": "--not",
    "width": "--width",
    "height": "--height",
    "count": "--count",
    "steps": "--steps",
    "guidance": "--guidance",
    "seed": "--seed",
    "scheduler": "--scheduler",
    "init": "--init",
    "strength": "--strength",
    "upscale": "--upscale",
    "safety": "--safety",
    "family": "--family",
    "palette": "--palette",
}


class Asked(wire.Body):
    """One of the two, as the native API takes it."""

    music: Wish | None = None
    image: ImageWish | None = None


class Snippets:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._server = service.settings.url

    async def write(self, asked: Asked) -> Response:
        wish = asked.image or asked.music
        if wish is None:
            raise Invalid("music", "is missing, and so is image")
        words = wish.model_dump(mode="json", exclude_unset=True)
        written = snippets(Kind.IMAGE if asked.image else Kind.MUSIC, words, self._server)
        return wire.told({"snippets": [dataclasses.asdict(snippet) for snippet in written]})


def snippets(kind: Kind, wish: Words, server: str) -> list[Snippet]:
    """Ours first, then the four others."""
    if kind is Kind.IMAGE:
        ours = [_curl(wish, f"{server}/v1/images"), _python(wish, server, "draw"), _draw(wish)]
        return [*ours, *foreign.image(wish, server)]
    ours = [_curl(wish, f"{server}/v1/jobs"), _python(wish, server, "make"), _generate(wish)]
    return [*ours, *foreign.music(wish, server)]


def _curl(wish: Words, address: str) -> Snippet:
    job = f"{address.removesuffix('/images').removesuffix('/jobs')}/jobs/ID"
    header = f'-H "Authorization: Bearer {KEY}"'
    ask = f'curl {address} \\\n  {header} \\\n  -H "Content-Type: application/json" \\\n  -d {as_word(as_json(wish))}'
    if address.endswith("/images"):
        follow = (
            f"# The answer tells the id; the job has links once it succeeded:\ncurl {job} {header}"
        )
    else:
        follow = f"# The answer tells the id. This writes the sound while it is being made:\ncurl -L {job}/audio {header} -o track.wav"
    return Snippet("curl", f"{ask}\n\n{follow}")


def _python(wish: Words, server: str, call: str) -> Snippet:
    words = {name: value for name, value in wish.items() if name != "prompt"}
    end = f"""    bandstand.download(job, "track.{_ending(wish)}")"""
    if call == "draw":
        end = "    job = bandstand.wait(job.id)\n    bandstand.download(job, job.output().name)"
    text = f"""import os

from bandstand.client import Bandstand

with Bandstand({as_python(server)}, os.environ["BANDSTAND_KEY"]) as bandstand:
    job = bandstand.{call}(
        {as_python(wish["prompt"])},
{as_arguments(words, 2)}    )
{end}"""
    return Snippet("Python", text, ["pip install bandstand, or copy its one file client.py."])


def _ending(wish: Words) -> str:
    encoding = wish.get("encoding", "wav")
    return "wav" if encoding.startswith("wav") else encoding


def _generate(wish: Words) -> Snippet:
    words = [f"{flag} {as_word(wish[name])}" for name, flag in FLAGS.items() if wish.get(name) is not None]  # fmt: skip
    stretch = span_of(wish, "melody", "continues")
    if stretch:
        words.append(f"--{'melody' if wish.get('melody') else 'continue'} {as_word(stretch['source'])}")  # fmt: skip
    for name, flag in (("start", "--from"), ("end", "--to")):
        if stretch.get(name):
            words.append(f"{flag} {stretch[name]:g}")
    parts = [f"{part['start']:g}={part['prompt']}" for part in wish.get("sections", ())]
    words += [f"--section {as_word(part)}" for part in parts]
    if wish.get("multiband"):
        words.append("--multiband")
    words.append(f"--out track.{_ending(wish)}")
    notes = ["It makes the piece on your own machine, without a server."]
    if stretch or wish.get("score"):
        notes.append("Put the path of your own file in place of the address.")
    if wish.get("webhook"):
        notes.append("It waits for the piece: there is no webhook.")
    return Snippet("Command line", _lines(f"bandstand generate {as_word(wish['prompt'])}", words), notes)  # fmt: skip


def _draw(wish: Words) -> Snippet:
    words = [f"{flag} {as_word(wish[name])}" for name, flag in PICTURE_FLAGS.items() if wish.get(name) is not None]  # fmt: skip
    words.append(f"--out picture.{wish.get('format', 'png')}")
    text = _lines(f"bandstand image {as_word(wish['prompt'])}", words)
    return Snippet("Command line", text, unsaid(wish, "prompt", "format", *PICTURE_FLAGS))


def _lines(first: str, more: list[str]) -> str:
    return " \\\n  ".join([first, *more])
