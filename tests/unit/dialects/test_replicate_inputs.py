"""What the inputs of meta/musicgen mean: word for word as documented, and as the program behind the hosted model takes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bandstand.catalog import COMPOSER, FAKE, Catalog
from bandstand.dialects.replicate.inputs import DESCRIBED, Input, Wish, to_order
from bandstand.jobs import Hook, HookEvent, Order
from bandstand.settings import StandIn
from bandstand.specs import Encoding, Loudness, Sampling, Source, Span

ALL_ABLE = Catalog(frozenset({FAKE.name, COMPOSER.name}), StandIn.OTHER)
SOUND = "https://example.org/tune.wav"
HOOK = "https://example.org/hook"


def ordered(catalog: Catalog = ALL_ABLE, **inputs: Any) -> Order:
    wish = Wish.model_validate({"input": inputs})
    return to_order(wish, "meta/musicgen", catalog)


def wished(**words: Any) -> Wish:
    return Wish.model_validate({"input": {"prompt": "a waltz"}, **words})


def test_the_fifteen_inputs_are_the_documented_ones() -> None:
    assert Input.model_fields.keys() == DESCRIBED.keys()
    assert len(DESCRIBED) == 15


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_default_is_the_documented_one(name: str) -> None:
    assert Input.model_fields[name].default == DESCRIBED[name].get("default")


@pytest.mark.parametrize(
    ("name", "word"),
    [(name, word) for name, told in DESCRIBED.items() for word in told.get("enum", [])],
)
def test_every_documented_word_is_taken(name: str, word: str) -> None:
    assert getattr(Input.model_validate({name: word}), name) == word


@pytest.mark.parametrize("seed", [None, -1, 0, -(2**40)])
def test_seed_without_a_value_of_its_own_is_drawn(seed: int | None) -> None:
    assert ordered(prompt="a waltz", seed=seed).spec.seed is None


def test_seed_is_kept() -> None:
    assert ordered(prompt="a waltz", seed=7).spec.seed == 7


@pytest.mark.parametrize("end", [None, -1])
def test_continuation_goes_on_from_the_end(end: int | None) -> None:
    order = ordered(
        input_audio=SOUND, continuation=True, continuation_start=2, continuation_end=end
    )

    assert order.spec.continues == Span(source=Source(uri=SOUND), start=2.0, end=None)
    assert order.spec.melody is None


def test_continuation_ends_where_it_is_told() -> None:
    order = ordered(input_audio=SOUND, continuation=True, continuation_end=3)

    assert order.spec.continues == Span(source=Source(uri=SOUND), start=0.0, end=3.0)


def test_audio_alone_is_a_melody() -> None:
    order = ordered(input_audio=SOUND)

    assert order.spec.melody == Span(source=Source(uri=SOUND))
    assert order.flaw is None


@pytest.mark.parametrize(("continuation", "field"), [(False, "melody"), (True, "continues")])
def test_given_audio_is_cut_whatever_it_is_for(continuation: bool, field: str) -> None:  # noqa: FBT001
    spec = ordered(
        input_audio=SOUND, continuation=continuation, continuation_start=1, continuation_end=3
    ).spec

    assert spec.spans == {field: Span(source=Source(uri=SOUND), start=1.0, end=3.0)}


@pytest.mark.parametrize(("model", "channels"), [("stereo-large", 2), ("large", 1)])
def test_result_has_the_channels_and_the_rate_of_the_hosted_model(
    model: str, channels: int
) -> None:
    spec = ordered(prompt="a waltz", model_version=model).spec

    assert (spec.model, spec.channels, spec.sample_rate) == (model, channels, 32000)


def test_what_is_asked_of_the_sound_is_handed_on() -> None:
    spec = ordered(
        prompt="a waltz",
        duration=31,
        model_version="melody-large",
        multi_band_diffusion=True,
        normalization_strategy="rms",
        output_format="mp3",
        top_k=0,
        top_p=0.9,
        temperature=0.5,
        classifier_free_guidance=-2,
    ).spec

    assert spec.sampling == Sampling(temperature=0.5, top_k=0, top_p=0.9, guidance=-2.0)
    assert (spec.seconds, spec.multiband) == (31.0, True)
    assert (spec.loudness, spec.encoding) == (Loudness.RMS, Encoding.MP3)


@given(
    top_k=st.integers(-(2**63), 2**63 - 1),
    classifier_free_guidance=st.integers(-(2**63), 2**63 - 1),
    duration=st.integers(-(2**63), 2**63 - 1),
    top_p=st.floats(allow_nan=False, allow_infinity=False),
    temperature=st.floats(allow_nan=False, allow_infinity=False),
)
def test_numbers_without_bounds_are_taken(**inputs: Any) -> None:
    assert ordered(prompt="a waltz", **inputs).origin == "replicate"


@pytest.mark.parametrize(
    "inputs",
    [
        {"duration": "8"},
        {"duration": 8.5},
        {"duration": None},
        {"duration": True},
        {"duration": 2**63},
        {"continuation_start": -1},
        {"continuation_end": -2},
        {"model_version": "small"},
        {"output_format": "flac"},
        {"normalization_strategy": "loud"},
        {"temperature": float("nan")},
        {"top_p": "0.5"},
        {"classifier_free_guidance": 3.5},
        {"continuation": "yes"},
        {"auth": "r8_secret"},
    ],
    ids=str,
)
def test_value_of_another_kind_is_refused(inputs: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        Input.model_validate({"prompt": "a waltz", **inputs})

    assert [error["loc"] for error in refusal.value.errors()] in [[(name,)] for name in inputs] + [
        [()]
    ]


def test_whole_number_may_be_written_with_a_point() -> None:
    assert ordered(prompt="a waltz", duration=8.0).spec.seconds == 8.0


def test_unknown_input_is_dropped() -> None:
    assert ordered(prompt="a waltz", mood="sad").asked["input"] == {"prompt": "a waltz"}


FLAWS = [
    ({}, "Must provide either prompt or input_audio"),
    ({"prompt": " "}, "Must provide either prompt or input_audio"),
    ({"prompt": "x", "continuation": True}, "Must provide `input_audio` if continuation is `True`"),
    ({"model_version": "large", "input_audio": SOUND}, "does not support melody input"),
    ({"model_version": "stereo-large", "input_audio": SOUND}, "does not support melody input"),
    ({"prompt": "x", "multi_band_diffusion": True}, "only available with non-stereo models"),
    (
        {
            "input_audio": SOUND,
            "continuation": True,
            "continuation_start": 3,
            "continuation_end": 2,
        },
        "`continuation_start` must be less than or equal to `continuation_end`",
    ),
]


@pytest.mark.parametrize(("inputs", "message"), FLAWS)
def test_wish_that_the_reference_fails_at_has_its_message(
    inputs: dict[str, Any], message: str
) -> None:
    flaw = ordered(**inputs).flaw

    assert flaw is not None
    assert message in flaw


def test_large_model_goes_on_from_audio() -> None:
    order = ordered(model_version="large", input_audio=SOUND, continuation=True)

    assert order.flaw is None


def test_composer_uses_audio_where_nothing_else_is_here() -> None:
    assert ordered(Catalog(), input_audio=SOUND).flaw is None
    assert ordered(Catalog(), input_audio=SOUND, continuation=True).flaw is None


def test_audio_that_nothing_here_can_use_is_a_flaw() -> None:
    order = ordered(Catalog(stand_in=StandIn.ERROR), input_audio=SOUND)

    assert order.flaw is not None
    assert "has no weights here" in order.flaw


@pytest.mark.parametrize(
    ("words", "hook"),
    [
        ({}, None),
        ({"webhook": ""}, None),
        (
            {"webhook": HOOK},
            Hook(url=HOOK, events=frozenset({HookEvent.OUTPUT, HookEvent.COMPLETED})),
        ),
        (
            {"webhook": HOOK, "webhook_events_filter": "start, completed"},
            Hook(url=HOOK, events=frozenset({HookEvent.START, HookEvent.COMPLETED})),
        ),
        (
            {"webhook": HOOK, "webhook_events_filter": ""},
            Hook(url=HOOK, events=frozenset({HookEvent.OUTPUT, HookEvent.COMPLETED})),
        ),
        (
            {"webhook": HOOK, "webhook_events_filter": ["logs"]},
            Hook(url=HOOK, events=frozenset({HookEvent.LOGS})),
        ),
        (
            {"webhook_completed": HOOK},
            Hook(url=HOOK, events=frozenset({HookEvent.COMPLETED})),
        ),
    ],
)
def test_webhook_is_told_what_was_wished(words: dict[str, Any], hook: Hook | None) -> None:
    assert wished(**words).hook == hook


def test_unknown_event_is_refused() -> None:
    with pytest.raises(ValidationError):
        wished(webhook=HOOK, webhook_events_filter="start,finished")
