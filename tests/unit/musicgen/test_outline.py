"""Settings of audiocraft found by their paths, in the YAML of an exported model and in the dicts of one that was not."""

from __future__ import annotations

import pytest

from bandstand.musicgen.outline import Outline

TEXT = """
# @package __global__
channels: 1
sample_rate: 32000
solver: "musicgen: base"
empty:
seanet:
  dimension: 128
  channels: ${channels}
  rate: ${encodec.sample_rate}
  ratios:
  - 8
  - 5
  activation_params:
    alpha: 1.0
  causal: false
  true_skip: true   # no convolution
  final_activation: null
  'norm': weight_norm
encodec:
  sample_rate: ${sample_rate}
delays: [0, 1, 2]
none: []
turns: ${turns}
deep:
    list:
        - a
        - b
after: 7
"""
TREE = {
    "channels": 1,
    "sample_rate": 32000,
    "solver": "musicgen: base",
    "empty": None,
    "seanet": {
        "dimension": 128,
        "channels": "${channels}",
        "rate": "${encodec.sample_rate}",
        "ratios": [8, 5],
        "activation_params": {"alpha": 1.0},
        "causal": False,
        "true_skip": True,
        "final_activation": None,
        "norm": "weight_norm",
    },
    "encodec": {"sample_rate": "${sample_rate}"},
    "delays": [0, 1, 2],
    "none": [],
    "turns": "${turns}",
    "deep": {"list": ["a", "b"]},
    "after": 7,
}


@pytest.fixture(params=[TEXT, TREE], ids=["yaml", "dicts"])
def outline(request: pytest.FixtureRequest) -> Outline:
    return Outline.of(request.param)


def test_numbers_are_found_by_their_paths(outline: Outline) -> None:
    paths = "sample_rate", "seanet.dimension", "after"

    assert [outline.number(path, 0) for path in paths] == [32000, 128, 7]


def test_texts_are_found_by_their_paths(outline: Outline) -> None:
    assert outline.text("solver", "") == "musicgen: base"
    assert outline.text("seanet.norm", "") == "weight_norm"
    assert outline.text("seanet.activation_params.alpha", "") == "1.0"


def test_lists_are_found_however_they_are_written(outline: Outline) -> None:
    assert outline.numbers("seanet.ratios") == (8, 5)
    assert outline.numbers("delays") == (0, 1, 2)
    assert outline.get("deep.list") == ("a", "b")


def test_switches_are_on_or_off(outline: Outline) -> None:
    assert outline.is_on("seanet.true_skip", default=False)
    assert not outline.is_on("seanet.causal", default=True)


def test_references_are_followed(outline: Outline) -> None:
    assert outline.number("seanet.channels", 0) == 1
    assert outline.number("seanet.rate", 0) == 32000


def test_reference_to_itself_tells_nothing(outline: Outline) -> None:
    assert outline.get("turns") is None


@pytest.mark.parametrize("path", ["", "nowhere", "seanet.nowhere", "empty", "seanet.channels.more"])
def test_what_is_not_said_has_the_default(outline: Outline, path: str) -> None:
    assert outline.number(path, 5) == 5


def test_null_has_the_default(outline: Outline) -> None:
    assert outline.text("seanet.final_activation", "ELU") == "ELU"


def test_empty_list_has_the_default(outline: Outline) -> None:
    assert outline.numbers("none", (1, 2)) == (1, 2)


@pytest.mark.parametrize("settings", [None, 3, "", "- a\n- b\n", ": :\n", [1]])
def test_what_is_no_outline_tells_nothing(settings: object) -> None:
    assert Outline.of(settings).get("a") is None
