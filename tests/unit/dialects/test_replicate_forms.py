"""Forms with files in them: what either official client sends is read byte for byte, anything else is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.dialects.replicate.multipart import Part, read_form
from bandstand.errors import Malformed

TYPE = 'multipart/form-data; boundary="----limit 1"'
LIMIT = b"------limit 1"


def form(*parts: bytes) -> bytes:
    return b"".join(LIMIT + b"\r\n" + part + b"\r\n" for part in parts) + LIMIT + b"--\r\n"


@given(content=st.binary().filter(lambda content: LIMIT not in content))
def test_content_is_read_byte_for_byte(content: bytes) -> None:
    head = b'Content-Disposition: form-data; name="content"; filename="a.wav"\r\nContent-Type: audio/wav'

    read = read_form(TYPE, form(head + b"\r\n\r\n" + content))

    assert read == {"content": Part(content, "a.wav", "audio/wav")}


def test_text_field_has_no_file_name() -> None:
    read = read_form(TYPE, form(b'Content-Disposition: form-data; name="metadata"\r\n\r\n{}'))

    assert read == {"metadata": Part(b"{}", None, "text/plain")}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b""),
        ("application/json", b"{}"),
        ("multipart/form-data", form()),
        (TYPE, b""),
        (TYPE, b"no limit in it"),
        (TYPE, LIMIT + b"\r\nthe end is missing"),
        (TYPE, form(b"no head")),
        (TYPE, form(b"Content-Type: audio/wav\r\n\r\nno name")),
        (TYPE, form(*[b'Content-Disposition: form-data; name="a"\r\n\r\n'] * 20)),
    ],
    ids=range(9),
)
def test_other_body_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        read_form(kind, body)


@given(body=st.binary(), kind=st.text())
def test_no_body_breaks_the_reader(body: bytes, kind: str) -> None:
    with contextlib.suppress(Malformed):
        read_form(f"multipart/form-data; boundary={kind}", body)
