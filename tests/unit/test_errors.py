"""The errors and the drawing of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bandstand import errors
from bandstand.errors import BandstandError, Failed, Invalid, Problem


def all_errors(kind: type[BandstandError] = BandstandError) -> Iterator[type[BandstandError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from all_errors(child)


def drawn() -> dict[str, int]:
    """name -> depth, as the module's docstring draws them"""
    rows = re.findall(r"^ {4}([│ ├└─]*)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    return {name: len(lead) // 4 for lead, name in rows}


def test_tree_in_the_docstring_is_the_tree_of_classes():
    real = {kind.__name__: len(kind.__mro__) - len(BandstandError.__mro__) for kind in all_errors()}

    assert drawn() == real


@pytest.mark.parametrize(
    "kind", [kind for kind in all_errors() if kind is not Invalid], ids=lambda kind: kind.__name__
)
def test_error_without_words_says_its_docstring(kind: type[BandstandError]):
    assert kind().message == (kind.__doc__ or "").strip()
    assert kind("in other words").message == "in other words"


def test_invalid_names_each_field_and_its_problem():
    error = Invalid("seconds", "is too long", Problem("", "is no object"))

    assert error.message == "seconds: is too long; is no object"
    assert [problem.field for problem in error.problems] == ["seconds", ""]


def test_engine_that_died_is_a_failure_of_the_job():
    assert issubclass(errors.EngineDied, Failed)
