"""`bandstand generate`: one piece, here and now, without a server."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli.say import err, show_json
from bandstand.errors import Invalid

if TYPE_CHECKING:
    from bandstand.specs import Section, Span

TOKENS = "Token models only"
GIVEN = "A sound file or an http(s) address"
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="File to write; its ending chooses the format.")
]
Seed = Annotated[
    int | None, typer.Option(help="The same seed makes the same piece; drawn if left out.")
]
Model = Annotated[
    str, typer.Option("--model", "-m", help="See: bandstand models list. Or a folder of weights.")
]
Score = Annotated[
    str | None,
    typer.Option(
        help="A MIDI file or the plan.json of a piece, or its address: notes to play as the prompt says."
    ),
]
Variation = Annotated[int, typer.Option(help="Above 0: the piece of this seed with other details.")]
Stems = Annotated[
    str | None, typer.Option(help="wav or flac: write every instrument by itself, in one zip.")
]
Sections = Annotated[
    list[str] | None,
    typer.Option(help="SECONDS=PROMPT, again and again: what is played from then on."),
]


def generate(
    prompt: Annotated[str, typer.Argument(help="What to play, in plain words.")],
    *,
    seconds: Annotated[float, typer.Option("--seconds", "-s", help="Exact length.")] = 30.0,
    out: Out = None,
    seed: Seed = None,
    model: Model = "composer",
    melody: Annotated[str | None, typer.Option(help=f"{GIVEN}: a tune to follow.")] = None,
    continues: Annotated[
        str | None, typer.Option("--continue", help=f"{GIVEN}: comes first and is gone on from.")
    ] = None,
    start: Annotated[
        float | None, typer.Option("--from", help="Seconds into what is given: where it starts.")
    ] = None,
    end: Annotated[
        float | None, typer.Option("--to", help="Seconds into what is given: where it ends.")
    ] = None,
    score: Score = None,
    variation: Variation = 0,
    stems: Stems = None,
    section: Sections = None,
    multiband: Annotated[
        bool, typer.Option("--multiband", help="Decode with MultiBand Diffusion; MusicGen only.")
    ] = False,
    temperature: Annotated[float, typer.Option(help=f"{TOKENS}.")] = 1.0,
    top_k: Annotated[int, typer.Option(help=f"{TOKENS}.")] = 250,
    top_p: Annotated[float, typer.Option(help=f"{TOKENS}; above 0 it replaces --top-k.")] = 0.0,
    guidance: Annotated[float, typer.Option(help=f"{TOKENS}.")] = 3.0,
    encoding: Annotated[
        str | None, typer.Option(help="wav, wav24, wav32f, mp3, flac or ogg.")
    ] = None,
    loudness: Annotated[str, typer.Option(help="loudness, clip, peak or rms.")] = "loudness",
    sample_rate: Annotated[int | None, typer.Option(help="Hz.")] = None,
    extras: Annotated[
        bool, typer.Option("--extras", help="Write the MIDI file and the plan beside it, too.")
    ] = False,
    hear: Annotated[bool, typer.Option("--play", help="Play it when it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell all about it as JSON.")] = False,
) -> None:
    """Make one piece without a server and print the path of the file."""
    from bandstand.cli.piece import make
    from bandstand.cli.player import play
    from bandstand.settings import load_settings
    from bandstand.specs import MusicSpec, Sampling, Source, check_spec

    target = out or _free_name(encoding or "wav")
    if (start, end) != (None, None) and melody is None and continues is None:
        raise Invalid("from, to", "there is no --melody and no --continue to cut")
    spec = MusicSpec(
        prompt=prompt,
        model=model,
        seconds=seconds,
        seed=secrets.randbelow(2**31 - 1) if seed is None else seed,
        melody=_span(melody, start, end),
        continues=_span(continues, start, end),
        score=None if score is None else Source(uri=score),
        variation=variation,
        stems=None if stems is None else _encoding(stems, target, "stems"),
        sections=_sections(section or []),
        sampling=Sampling(temperature=temperature, top_k=top_k, top_p=top_p, guidance=guidance),
        multiband=multiband,
        encoding=_encoding(encoding, target),
        loudness=_loudness(loudness),
        sample_rate=sample_rate,
    )
    check_spec(spec)
    _check_target(target)
    files = make(spec, target, load_settings(), with_extras=extras)
    if as_json:
        show_json({"file": str(target), "seed": spec.seed, "files": files})
    else:
        _tell(files[0]["about"])
        err.print(f"seed {spec.seed}")
        sys.stdout.write(f"{target}\n")
    if hear:
        play(target)


def _tell(about: dict[str, Any]) -> None:
    """What was made of the words, as far as the engine says."""
    for name in ("understood", "ignored", "conflicts"):
        if about.get(name):
            err.print(f"{name}: {', '.join(about[name])}", style="dim", markup=False)


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise Invalid("out", f"there is no folder {target.parent}")
    if target.is_dir():
        raise Invalid("out", f"{target} is a folder")


def _span(place: str | None, start: float | None, end: float | None) -> Span | None:
    from bandstand.specs import Source, Span

    return None if place is None else Span(source=Source(uri=place), start=start or 0.0, end=end)


def _sections(given: list[str]) -> tuple[Section, ...]:
    """In the order of their starts, however they were given."""
    from bandstand.specs import Section

    sections: list[Section] = []
    for text in given:
        start, equals, prompt = text.partition("=")
        try:
            sections.append(Section(start=float(start), prompt=prompt))
        except ValueError:
            equals = ""
        if not equals:
            raise Invalid("section", f"{text!r} is not SECONDS=PROMPT, such as 20=strings enter")
    return tuple(sorted(sections, key=lambda section: section.start))


def _encoding(given: str | None, target: Path, name: str = "encoding") -> Any:
    from bandstand.specs import Encoding

    word = given or target.suffix.lstrip(".").lower() or "wav"
    try:
        return Encoding(word)
    except ValueError:
        raise Invalid(name, f"{word!r} is none of: {', '.join(Encoding)}") from None


def _loudness(word: str) -> Any:
    from bandstand.specs import Loudness

    try:
        return Loudness(word)
    except ValueError:
        raise Invalid("loudness", f"{word!r} is none of: {', '.join(Loudness)}") from None


def _free_name(encoding: str) -> Path:
    """bandstand.wav, bandstand-2.wav ... whatever is not there yet."""
    ending = "wav" if encoding.startswith("wav") else encoding
    names = [f"bandstand{number}.{ending}" for number in ("", *(f"-{n}" for n in range(2, 10_000)))]
    return next(path for name in names if not (path := Path(name)).exists())
