"""Signed links: what opens a file and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.errors import Misconfigured
from bandstand.links import Signer

SECRET = b"a secret of more than sixteen bytes"
PATH = "/files/jobs/01j/0.wav"


def parts(query: str) -> tuple[str, str]:
    exp, sig = query.split("&")
    return exp.removeprefix("exp="), sig.removeprefix("sig=")


@given(st.text(), st.floats(1, 9e11), st.floats(0.001, 1e6))
def test_link_opens_its_path_until_it_expires(path: str, expires_at: float, before: float):
    exp, sig = parts(Signer(SECRET).sign(path, expires_at))

    assert Signer(SECRET).check(path, exp, sig, expires_at - before)
    assert not Signer(SECRET).check(path, exp, sig, float(exp))


@given(st.text(), st.text())
def test_link_opens_no_other_path(path: str, other: str):
    exp, sig = parts(Signer(SECRET).sign(path, 2000.0))

    assert Signer(SECRET).check(other, exp, sig, 1000.0) == (path == other)


@given(st.text())
def test_no_other_signature_is_believed(other: str):
    exp, sig = parts(Signer(SECRET).sign(PATH, 2000.0))

    assert Signer(SECRET).check(PATH, exp, other, 1000.0) == (sig == other)


@given(st.text())
def test_no_other_expiry_is_believed(other: str):
    exp, sig = parts(Signer(SECRET).sign(PATH, 2000.0))

    assert Signer(SECRET).check(PATH, other, sig, 1000.0) == (exp == other)


@pytest.mark.parametrize(
    "spelling", ["+2000", "02000", "2_000", "2e3", "2000.0", " 2000", "２０００", ""]
)
def test_only_the_expiry_as_signed_counts(spelling: str):
    _, sig = parts(Signer(SECRET).sign(PATH, 2000.0))

    assert not Signer(SECRET).check(PATH, spelling, sig, 1000.0)


def test_padding_or_other_case_of_the_signature_is_not_believed():
    exp, sig = parts(Signer(SECRET).sign(PATH, 2000.0))

    assert not Signer(SECRET).check(PATH, exp, sig + "=", 1000.0)
    assert not Signer(SECRET).check(PATH, exp, sig.swapcase(), 1000.0)


def test_link_of_a_retired_secret_lives_on():
    exp, sig = parts(Signer(SECRET).sign(PATH, 2000.0))
    rotated = Signer(b"the new secret, sixteen bytes too", SECRET)

    assert rotated.check(PATH, exp, sig, 1000.0)


def test_new_links_are_signed_with_the_first_secret():
    rotated = Signer(b"the new secret, sixteen bytes too", SECRET)
    exp, sig = parts(rotated.sign(PATH, 2000.0))

    assert not Signer(SECRET).check(PATH, exp, sig, 1000.0)


def test_short_secret_is_refused():
    with pytest.raises(Misconfigured):
        Signer(b"short")
