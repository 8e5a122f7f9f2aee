"""A wish in the words of the four hosted APIs, as their documents have them, with a sentence for each thing they cannot say."""

from __future__ import annotations

from typing import Any

from bandstand.catalog import FOREIGN_NAMES, REPLICATE_MODEL
from bandstand.web.playground.literals import (
    KEY,
    Snippet,
    Words,
    as_arguments,
    as_json,
    as_python,
    as_word,
    given,
    span_of,
    unsaid,
)

SAMPLING_RATE = 32000


def music(wish: Words, server: str) -> list[Snippet]:
    return [
        Snippet("Replicate", *_replicate(wish, server)),
        Snippet("Leap", *_leap(wish, server)),
        Snippet("ModelsLab", *_modelslab(wish, server)),
        Snippet("Segmind", *_segmind(wish, server)),
    ]


def image(wish: Words, server: str) -> list[Snippet]:
    absent = "Its pictures are not served here, only its music is."
    return [
        Snippet("Replicate", *_replicate_image(wish, server)),
        Snippet("Leap", *_leap_image(wish, server)),
        *(Snippet(name, None, [absent]) for name in ("ModelsLab", "Segmind")),
    ]


def name_at(dialect: str, model: str, otherwise: str) -> tuple[str, list[str]]:
    """How an API calls a model, or the one that it has instead; and what to say about that.

    otherwise  our name of the model that stands there for all others
    """
    names = {row.model: row.name for row in FOREIGN_NAMES if row.dialect == dialect}
    if model in names:
        return names[model], []
    note = f"It knows no model “{model}”: this asks for {otherwise}, and where its weights are missing the server's stand-in makes it."
    return names[otherwise], [note]


def replicate_input(wish: Words) -> tuple[dict[str, Any], list[str]]:
    name, notes = name_at("replicate", wish.get("model", "composer"), _nearest(wish))
    stretch = span_of(wish, "melody", "continues")
    encoding = wish.get("encoding", "wav")
    seed = wish.get("seed")
    words = given(
        prompt=wish["prompt"],
        model_version=name,
        duration=max(1, round(wish.get("seconds", 8))),
        input_audio=stretch.get("source"),
        continuation=True if wish.get("continues") else None,
        continuation_start=_whole(stretch.get("start")),
        continuation_end=_whole(stretch.get("end")),
        multi_band_diffusion=wish.get("multiband"),
        normalization_strategy=wish.get("loudness"),
        top_k=wish.get("top_k"),
        top_p=wish.get("top_p"),
        temperature=wish.get("temperature"),
        classifier_free_guidance=_whole(wish.get("guidance")),
        output_format=encoding if encoding in {"wav", "mp3"} else None,
        seed=seed or None,
    )
    said = ["prompt", "model", "seconds", "melody", "continues", "multiband", "loudness", "top_k", "top_p", "temperature", "guidance", "seed", "webhook"]  # fmt: skip
    notes += unsaid(wish, *said, *(["encoding"] if "output_format" in words else []))
    rounded = (
        wish.get("seconds", 8),
        stretch.get("start"),
        stretch.get("end"),
        wish.get("guidance"),
    )
    if any(value is not None and value % 1 for value in rounded):
        notes.append("Lengths, cuts and guidance are whole numbers there: rounded.")
    if seed == 0:
        notes.append("A seed of 0 draws one there.")
    return words, notes


def _nearest(wish: Words) -> str:
    """Given sound needs a model that takes it; MultiBand Diffusion one without stereo."""
    takes_melody = bool(wish.get("melody")) or "melody" in wish.get("model", "")
    size = "melody-large" if takes_melody else "large"
    return size if wish.get("multiband") else f"stereo-{size}"


def _replicate_client(server: str) -> str:
    return f"""import os

import replicate

client = replicate.Client(
    api_token=os.environ["BANDSTAND_KEY"],
    base_url={as_python(server)},
)
"""


def _replicate_run(model: str, words: Words, server: str) -> str:
    return f"""{_replicate_client(server)}output = client.run(
    {as_python(model)},
    input={as_python(words, 1)},
)
print(output)"""


def _replicate(wish: Words, server: str) -> tuple[str, list[str]]:
    words, notes = replicate_input(wish)
    if not wish.get("webhook"):
        return _replicate_run(REPLICATE_MODEL, words, server), notes
    call = f"""prediction = client.models.predictions.create(
    "{REPLICATE_MODEL}",
    input={as_python(words, 1)},
    webhook={as_python(wish["webhook"]["url"])},
    webhook_events_filter=["completed"],
)
print(prediction.id)"""
    return _replicate_client(server) + call, notes


def replicate_picture(wish: Words) -> tuple[dict[str, Any], list[str]]:
    """The model goes by the name that it has here."""
    picture = wish.get("format", "png")
    words = given(
        prompt=wish["prompt"],
        negative_prompt=wish.get("negative"),
        width=wish.get("width"),
        height=wish.get("height"),
        num_outputs=wish.get("count"),
        num_inference_steps=wish.get("steps"),
        guidance_scale=wish.get("guidance"),
        seed=wish.get("seed"),
        image=wish.get("init"),
        prompt_strength=wish.get("strength") if wish.get("init") else None,
        output_format={"jpeg": "jpg"}.get(picture, picture),
    )
    said = ["prompt", "model", "negative", "width", "height", "count", "steps", "guidance", "seed", "init", "strength", "format"]  # fmt: skip
    return words, unsaid(wish, *said)


def _replicate_image(wish: Words, server: str) -> tuple[str, list[str]]:
    words, notes = replicate_picture(wish)
    return _replicate_run(f"bandstand/{wish.get('model', 'canvas')}", words, server), notes


def leap_body(wish: Words) -> tuple[dict[str, Any], list[str]]:
    model = wish.get("model", "composer")
    mode, notes = name_at("leap", model, "melody-large" if "melody" in model else "large")
    seconds = wish.get("seconds", 8)
    hook = wish.get("webhook") or {}
    words = given(
        prompt=wish["prompt"],
        mode=mode,
        duration=min(30, max(0.5, seconds)),
        webhook_url=hook.get("url"),
    )
    notes += unsaid(wish, "prompt", "model", "seconds", "webhook")
    return words, notes + (["It ends at 30 seconds."] if seconds > 30 else [])


def _leap(wish: Words, server: str) -> tuple[str, list[str]]:
    words, notes = leap_body(wish)
    text = f"""{_leap_client(server)}music = leap.music.generate(
{as_arguments(words)})
print(music.body["id"])  # later leap.music.find_one(inference_id=...) has its media_uri"""
    return text, [*notes, "For leap-python-sdk 1.1.4; 1.0.0 says leap.generate_music.create_audio."]


def _leap_client(server: str) -> str:
    return f"""import os

from leap import Leap

leap = Leap(
    host={as_python(server)},
    access_token=os.environ["BANDSTAND_KEY"],
)
"""


def leap_picture(wish: Words) -> tuple[str, dict[str, Any], list[str]]:
    """The model's id, the body, what to say."""
    model, notes = name_at("leap", wish.get("model", "canvas"), "sdxl")
    hook = wish.get("webhook") or {}
    upscale = wish.get("upscale", 1)
    words = given(
        prompt=wish["prompt"],
        negative_prompt=wish.get("negative"),
        width=wish.get("width"),
        height=wish.get("height"),
        number_of_images=wish.get("count"),
        steps=wish.get("steps"),
        prompt_strength=wish.get("guidance"),
        seed=wish.get("seed"),
        upscale_by=f"x{upscale}" if upscale > 1 else None,
        webhook_url=hook.get("url"),
    )
    said = ["prompt", "model", "negative", "width", "height", "count", "steps", "guidance", "seed", "upscale", "webhook"]  # fmt: skip
    return model, words, notes + unsaid(wish, *said)


def _leap_image(wish: Words, server: str) -> tuple[str, list[str]]:
    model, words, notes = leap_picture(wish)
    text = f"""{_leap_client(server)}images = leap.images.generate(
{as_arguments({"model_id": model, **words})})
print(images.body["id"])"""
    return text, [*notes, "For leap-python-sdk 1.1.4."]


def modelslab_body(wish: Words) -> tuple[dict[str, Any], list[str]]:
    """All but the key."""
    _, notes = name_at("modelslab", wish.get("model", "composer"), "melody")
    stretch = span_of(wish, "melody")
    encoding = wish.get("encoding", "wav")
    seconds = wish.get("seconds", 8)
    hook = wish.get("webhook") or {}
    words = given(
        prompt=wish["prompt"],
        init_audio=stretch.get("source"),
        sampling_rate=wish.get("sample_rate") or SAMPLING_RATE,
        max_new_token=min(1024, max(256, round(seconds * 50) + 3)),
        output_format=encoding if encoding in {"wav", "mp3", "flac"} else "wav",
        webhook=hook.get("url"),
    )
    said = ["prompt", "model", "seconds", "melody", "sample_rate", "webhook"]
    notes += unsaid(wish, *said, *(["encoding"] if words["output_format"] == encoding else []))
    if not 5.06 <= seconds <= 20.42:
        notes.append("Its pieces last from 5.06 to 20.42 seconds.")
    if stretch.get("start") or stretch.get("end"):
        notes.append("It takes all of a melody, not a stretch of it.")
    return words, notes


def _modelslab(wish: Words, server: str) -> tuple[str, list[str]]:
    words, notes = modelslab_body(wish)
    # The key is spliced in between two quoted halves: in quotes like these the shell fills nothing in.
    body = as_word(as_json(words)[1:])
    text = f"""curl {server}/api/v1/enterprise/voice/music_gen \\
  -H "Content-Type: application/json" \\
  -d '{{
  "key": "'"{KEY}"'",'{body}"""
    return text, [*notes, "An answer of “processing” tells where to fetch it later."]


def segmind_body(wish: Words) -> tuple[dict[str, Any], list[str]]:
    _, notes = name_at("segmind", wish.get("model", "composer"), "medium")
    seconds, seed = wish.get("seconds", 8), wish.get("seed")
    is_known = seed is not None and seed <= 9999
    words = {
        "prompt": wish["prompt"],
        "duration": min(30, max(1, seconds)),
        "seed": seed if is_known else -1,
    }
    notes += unsaid(wish, "prompt", "model", "seconds", "seed")
    if words["duration"] != seconds:
        notes.append("Its pieces last from 1 to 30 seconds.")
    if seed is not None and not is_known:
        notes.append("Its seeds end at 9999: here one is drawn.")
    return words, [*notes, "The answer is the sound itself."]


def _segmind(wish: Words, server: str) -> tuple[str, list[str]]:
    words, notes = segmind_body(wish)
    path = next(row.name for row in FOREIGN_NAMES if row.dialect == "segmind")
    text = f"""curl {server}/v1/{path} \\
  -H "x-api-key: {KEY}" \\
  -H "Content-Type: application/json" \\
  -d {as_word(as_json(words))} \\
  -o track.wav"""
    return text, notes


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
