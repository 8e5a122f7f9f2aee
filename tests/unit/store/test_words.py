"""Prompts as they are searched."""

from __future__ import annotations

import pytest

from bandstand.store.words import TERMS_MAX, folded, terms


@pytest.mark.parametrize(
    ("one", "other"), [("ÄPFEL", "äpfel"), ("STRASSE", "straße"), ("ｗｉｄｅ", "wide"), ("Σ", "ς")]
)
def test_letters_that_mean_the_same_are_the_same(one: str, other: str):
    assert folded(one) == folded(other)


def test_what_no_database_takes_is_left_out():
    assert folded("a\0b\ud800c") == "a b?c"


def test_a_search_has_few_words():
    assert terms("  Two   WORDS ") == ["two", "words"]
    assert len(terms("x " * 1000)) == TERMS_MAX
