"""Specs: what every model could do, and that storing one loses nothing."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.errors import Invalid
from bandstand.specs import (
    PROMPT_CHARACTERS_MAX,
    SAMPLE_RATES,
    SAMPLES_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    SECTIONS_MAX,
    SEED_MAX,
    STEM_ENCODINGS,
    STEMS_SECONDS_MAX,
    VARIATIONS_MAX,
    Encoding,
    ImageSpec,
    Lora,
    Loudness,
    MusicSpec,
    PictureFormat,
    Safety,
    Sampling,
    Section,
    Source,
    Span,
    Spec,
    check_spec,
    spec_from_json,
    spec_to_json,
)

SOURCE = Source(uri="https://example.org/a.wav")
TUNE = Span(source=SOURCE)
finite = st.floats(allow_nan=False, allow_infinity=False)
sources = st.builds(Source, uri=st.text())
spans = st.none() | st.builds(Span, source=sources, start=finite, end=st.none() | finite)
sections = st.builds(Section, start=finite, prompt=st.text())
specs = st.builds(
    MusicSpec,
    prompt=st.text(),
    seconds=finite,
    seed=st.none() | st.integers(0, SEED_MAX),
    melody=spans,
    continues=spans,
    score=st.none() | sources,
    variation=st.integers(0, VARIATIONS_MAX),
    stems=st.none() | st.sampled_from(STEM_ENCODINGS),
    sections=st.lists(sections, max_size=3).map(tuple),
    sampling=st.builds(Sampling, temperature=finite, top_k=st.integers(), top_p=finite),
    multiband=st.booleans(),
    loudness=st.sampled_from(Loudness),
    encoding=st.sampled_from(Encoding),
    sample_rate=st.none() | st.sampled_from(SAMPLE_RATES),
)  # fmt: skip
images = st.builds(
    ImageSpec,
    prompt=st.text(),
    width=st.none() | st.integers(),
    guidance=finite,
    init=st.none() | sources,
    loras=st.lists(st.builds(Lora, name=st.text(), weight=finite), max_size=3).map(tuple),
    safety=st.sampled_from(Safety),
    format=st.sampled_from(PictureFormat),
    family=st.none() | st.text(),
)  # fmt: skip


def spec(**changes: Any) -> MusicSpec:
    return dataclasses.replace(MusicSpec(prompt="rain"), **changes)


def in_parts(*starts: float, prompt: str = "snow", **changes: Any) -> MusicSpec:
    sections = tuple(Section(start=start, prompt=prompt) for start in starts)
    return spec(sections=sections, **changes)


@given(specs | images)
def test_stored_spec_comes_back_the_same(wanted: Spec):
    assert spec_from_json(json.loads(json.dumps(spec_to_json(wanted)))) == wanted


def test_melody_of_an_older_row_is_the_whole_source():
    stored = spec_to_json(spec(melody=TUNE))
    stored["melody"] = {"uri": SOURCE.uri}

    assert spec_from_json(stored) == spec(melody=TUNE)


def test_older_row_tells_no_kind_and_is_music():
    stored = spec_to_json(spec())
    del stored["kind"]

    assert spec_from_json(stored) == spec()


@given(specs | images)
def test_what_is_given_can_lie_elsewhere(wanted: Spec):
    kept = {name: Source(uri=f"kept:{name}") for name in wanted.sources}

    assert wanted.with_sources(kept).sources == kept


@given(specs | images)
def test_nothing_that_was_given_outlives_its_time(wanted: Spec):
    bare = wanted.without_content()

    assert not bare.prompt
    assert not bare.sources


def test_older_row_has_no_sections():
    stored = spec_to_json(spec())
    del stored["sections"]

    assert spec_from_json(stored) == spec()


@pytest.mark.parametrize(
    "good",
    [
        spec(prompt="🎵" * PROMPT_CHARACTERS_MAX),
        spec(prompt="", melody=TUNE),
        spec(melody=Span(source=SOURCE, start=1.0, end=2.0)),
        spec(prompt=" ", continues=TUNE),
        in_parts(0.01, 4.0, 7.99),
        in_parts(*(1 + n / 10 for n in range(SECTIONS_MAX))),
        in_parts(4.0, prompt="", melody=TUNE),
        spec(seconds=SECONDS_MIN),
        spec(seconds=SECONDS_MAX),
        spec(seed=0),
        spec(seed=SEED_MAX),
        spec(sample_rate=48000),
        spec(sample_rate=10_007),
        spec(sample_rate=SAMPLE_RATES[-1], seconds=20.0),
        spec(sample_rate=11025, encoding=Encoding.MP3),
        spec(sample_rate=10_000, encoding=Encoding.OGG),
    ],
)
def test_what_some_model_could_make_is_let_through(good: MusicSpec):
    check_spec(good)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("prompt", spec(prompt="")),
        ("prompt", spec(prompt=" \n\t\N{NO-BREAK SPACE}")),
        ("prompt", spec(prompt="x" * (PROMPT_CHARACTERS_MAX + 1))),
        ("prompt", spec(prompt="half a pair \ud83c")),
        ("seconds", spec(seconds=math.nan)),
        ("seconds", spec(seconds=math.inf)),
        ("seconds", spec(seconds=0.0)),
        ("seconds", spec(seconds=-1.0)),
        ("seconds", spec(seconds=SECONDS_MIN - 0.01)),
        ("seconds", spec(seconds=SECONDS_MAX + 0.01)),
        ("seed", spec(seed=-1)),
        ("seed", spec(seed=SEED_MAX + 1)),
        ("melody", spec(melody=TUNE, continues=TUNE)),
        ("melody", spec(melody=Span(source=SOURCE, start=-0.1))),
        ("score", spec(score=SOURCE, melody=TUNE)),
        ("score", spec(score=SOURCE, continues=TUNE)),
        ("variation", spec(variation=-1)),
        ("variation", spec(variation=VARIATIONS_MAX + 1)),
        ("stems", spec(stems=Encoding.MP3)),
        ("stems", spec(stems=Encoding.WAV, seconds=STEMS_SECONDS_MAX + 1)),
        ("melody", spec(melody=Span(source=SOURCE, end=-0.1))),
        ("continues", spec(continues=Span(source=SOURCE, end=math.nan))),
        ("sections", in_parts(*(1 + n / 10 for n in range(SECTIONS_MAX + 1)))),
        ("sections.0.start", in_parts(0.0)),
        ("sections.0.start", in_parts(math.nan)),
        ("sections.0.start", in_parts(8.0)),
        ("sections.1.start", in_parts(4.0, 4.0)),
        ("sections.1.start", in_parts(4.0, 3.0)),
        ("sections.0.prompt", in_parts(4.0, prompt=" ")),
        ("sections.0.prompt", in_parts(4.0, prompt="x" * (PROMPT_CHARACTERS_MAX + 1))),
        ("sections.0.prompt", in_parts(4.0, prompt="half a pair \ud83c", continues=TUNE)),
        ("continues", spec(continues=Span(source=SOURCE, start=-0.1))),
        ("continues", spec(continues=Span(source=SOURCE, start=math.nan))),
        ("sample_rate", spec(sample_rate=0)),
        ("sample_rate", spec(sample_rate=SAMPLE_RATES[0] - 1)),
        ("sample_rate", spec(sample_rate=SAMPLE_RATES[-1] + 1)),
        ("sample_rate", spec(sample_rate=SAMPLES_MAX // 600 + 1, seconds=600.0)),
        ("sample_rate", spec(sample_rate=10_000, encoding=Encoding.MP3)),
        ("sample_rate", spec(sample_rate=192_001, encoding=Encoding.OGG)),
        ("sample_rate", spec(sample_rate=655_351, encoding=Encoding.FLAC)),
        ("temperature", spec(sampling=Sampling(temperature=math.nan))),
        ("top_p", spec(sampling=Sampling(top_p=-math.inf))),
        ("guidance", spec(sampling=Sampling(guidance=math.inf))),
    ],
)
def test_what_no_model_could_make_is_refused_by_field(field: str, bad: MusicSpec):
    with pytest.raises(Invalid) as caught:
        check_spec(bad)

    assert [problem.field for problem in caught.value.problems] == [field]


def drawn(**changes: Any) -> ImageSpec:
    return ImageSpec(prompt=changes.pop("prompt", "rain"), **changes)


@pytest.mark.parametrize(
    "good",
    [
        drawn(),
        drawn(width=64, height=2048),
        drawn(width=512, height=512, upscale=4),
        drawn(count=4, steps=150, guidance=30.0, strength=0.0),
        drawn(guidance=0.0, strength=1.0, init=SOURCE),
        drawn(loras=(Lora(name="ink style.safetensors", weight=-1.5),)),
    ],
)
def test_pictures_that_some_model_could_draw_are_let_through(good: ImageSpec):
    check_spec(good)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("prompt", drawn(prompt=" ")),
        ("prompt", drawn(prompt="x" * (PROMPT_CHARACTERS_MAX + 1))),
        ("negative", drawn(negative="\ud800")),
        ("width", drawn(width=513)),
        ("width", drawn(width=56)),
        ("height", drawn(height=2056)),
        ("height", drawn(width=64, height=65536)),
        ("upscale", drawn(upscale=3)),
        ("upscale", drawn(width=1024, height=1024, upscale=4)),
        ("count", drawn(count=0)),
        ("count", drawn(count=5)),
        ("steps", drawn(steps=0)),
        ("steps", drawn(steps=151)),
        ("guidance", drawn(guidance=math.nan)),
        ("guidance", drawn(guidance=30.5)),
        ("strength", drawn(strength=1.5)),
        ("seed", drawn(seed=-1)),
        ("loras", drawn(loras=(Lora(name="a"),) * 9)),
        ("loras.0.name", drawn(loras=(Lora(name="../a"),))),
        ("loras.0.weight", drawn(loras=(Lora(name="a", weight=math.inf),))),
    ],
)
def test_pictures_that_no_model_could_draw_are_refused_by_field(field: str, bad: ImageSpec):
    with pytest.raises(Invalid) as caught:
        check_spec(bad)

    assert caught.value.problems[0].field == field
