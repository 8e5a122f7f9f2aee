"""`bandstand generate`, `melody` and `extend`: one piece, made here and now, or on a server that is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli.asked import Asked, check_target, ending_of, to_spec
from bandstand.cli.say import AsJson, err, hinted, show_json
from bandstand.errors import Invalid

if TYPE_CHECKING:
    from bandstand.cli.piece import Made

TOKENS = "Token models only"
GIVEN = "A sound file or an http(s) address"
PLAN = frozenset({"midi", "plan", "cover"})


def model_names(incomplete: str) -> list[str]:
    """For the shell's completion."""
    from bandstand.catalog import MODELS

    return [name for name in MODELS if name.startswith(incomplete)]


Prompt = Annotated[str, typer.Argument(help="What to play, in plain words.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="File to write; its ending chooses the format.")
]
Seed = Annotated[
    int | None, typer.Option(help="The same seed makes the same piece; drawn if left out.")
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="See: bandstand models list. Or a folder of weights.",
        autocompletion=model_names,
    ),
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
EncodingName = Annotated[str | None, typer.Option(help="wav, wav24, wav32f, mp3, flac or ogg.")]
Cover = Annotated[bool, typer.Option("--cover", help="Write the cover beside it, too.")]
Extras = Annotated[
    bool, typer.Option("--extras", help="Write MIDI file, plan and cover beside it, too.")
]
Hear = Annotated[
    bool | None,
    typer.Option(
        "--play/--no-play",
        help="Play it when it is done; left out: on a terminal, if a player is here.",
    ),
]
ServerUrl = Annotated[
    str | None,
    typer.Option(
        "--server",
        help="Address of a server that makes it instead, with the key in BANDSTAND_API_KEY.",
    ),
]


def generate(
    prompt: Prompt,
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
    encoding: EncodingName = None,
    loudness: Annotated[str, typer.Option(help="loudness, clip, peak or rms.")] = "loudness",
    sample_rate: Annotated[int | None, typer.Option(help="Hz.")] = None,
    cover: Cover = False,
    extras: Extras = False,
    hear: Hear = None,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make one piece and print the path of the file. What `bandstand "a prompt"` does."""
    asked = Asked(
        prompt=prompt,
        seconds=seconds,
        out=out,
        seed=seed,
        model=model,
        melody=melody,
        continues=continues,
        start=start,
        end=end,
        score=score,
        variation=variation,
        stems=stems,
        section=section or (),
        multiband=multiband,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        guidance=guidance,
        encoding=encoding,
        loudness=loudness,
        sample_rate=sample_rate,
    )
    _deliver(asked, also_of(cover=cover, extras=extras), server, hear=hear, as_json=as_json)


def melody(
    file: Annotated[str, typer.Argument(help=f"{GIVEN}: the tune.")],
    prompt: Prompt,
    *,
    seconds: Annotated[float, typer.Option("--seconds", "-s", help="Exact length.")] = 30.0,
    out: Out = None,
    seed: Seed = None,
    model: Model = "composer",
    cover: Cover = False,
    extras: Extras = False,
    hear: Hear = None,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Play a tune in the style of the prompt."""
    asked = Asked(prompt=prompt, seconds=seconds, out=out, seed=seed, model=model, melody=file)
    _deliver(asked, also_of(cover=cover, extras=extras), server, hear=hear, as_json=as_json)


def extend(
    file: Annotated[Path, typer.Argument(help="A sound file; it stays as it is.")],
    prompt: Annotated[str, typer.Argument(help="How to go on; by default as it began.")] = "",
    *,
    by: Annotated[float, typer.Option(help="Seconds to add.")] = 15.0,
    out: Out = None,
    seed: Seed = None,
    model: Model = "composer",
    cover: Cover = False,
    extras: Extras = False,
    hear: Hear = None,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Go on from a sound: the new file begins with it."""
    seconds = _seconds_of(file) + by
    asked = Asked(
        prompt=prompt, seconds=seconds, out=out, seed=seed, model=model, continues=str(file)
    )
    _deliver(asked, also_of(cover=cover, extras=extras), server, hear=hear, as_json=as_json)


def also_of(*, cover: bool, extras: bool) -> frozenset[str]:
    """Kinds of files that are kept besides the track and what was asked for by itself."""
    return PLAN if extras else frozenset({"cover"} if cover else ())


def maker(server: str | None, also: frozenset[str]) -> Any:
    """What makes pieces: the engines of this machine, or a server."""
    from bandstand.settings import load_settings

    settings = load_settings()
    if server is None:
        from bandstand.cli.piece import Studio

        return Studio(settings, also)
    from bandstand.cli.remote import Remote

    key = settings.api_key.get_secret_value() if settings.api_key else None
    return Remote(server, key, also)


def _deliver(
    asked: Asked, also: frozenset[str], server: str | None, *, hear: bool | None, as_json: bool
) -> None:
    target = asked.out or _free_name(asked.encoding)
    spec = to_spec(asked, target)
    check_target(target)
    with maker(server, also) as making:
        made: Made = making.make(spec, target)
    if as_json:
        show_json({"file": str(target), "seed": made.seed, "files": made.files})
    else:
        tell(made)
        sys.stdout.write(f"{target}\n")
        sys.stdout.flush()
    _play(target, hear)


def tell(made: Made) -> None:
    """What was made of the words, as far as the engine says, and the seed, on stderr."""
    about = made.files[0]["about"]
    for name in ("understood", "ignored", "conflicts"):
        if about.get(name):
            err.print(f"{name}: {', '.join(about[name])}", style="dim", markup=False)
    err.print(f"seed {made.seed}")


def _play(target: Path, hear: bool | None) -> None:  # noqa: FBT001 - as the option has it
    from bandstand.cli.player import find_player, play

    if hear is None:
        hear = sys.stdout.isatty() and find_player() is not None
    if hear:
        play(target)


def _seconds_of(file: Path) -> float:
    import soundfile

    try:
        return float(soundfile.info(file).duration)
    except soundfile.LibsndfileError:
        trouble = "no sound file of a known kind" if file.is_file() else "No such file"
        raise hinted(
            Invalid("file", f"{file}: {trouble}"), 'bandstand extend FILE "how to go on"'
        ) from None


def _free_name(encoding: str | None) -> Path:
    """bandstand.wav, bandstand-2.wav ... whatever is not there yet."""
    ending = ending_of(encoding)
    names = [f"bandstand{number}.{ending}" for number in ("", *(f"-{n}" for n in range(2, 10_000)))]
    return next(path for name in names if not (path := Path(name)).exists())
