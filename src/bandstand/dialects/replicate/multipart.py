"""Forms with files in them, as the two official clients send them. For bodies that are in memory already.

Source: RFC 7578 (multipart/form-data) and RFC 2046, section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from bandstand.errors import Malformed

PARTS_MAX = 16
NO_FORM = "The body is no valid multipart/form-data."


@dataclass(frozen=True)
class Part:
    """One field. file_name: None for a plain text field; media_type: as the client names it."""

    content: bytes
    file_name: str | None
    media_type: str


def read_form(content_type: str, body: bytes) -> Mapping[str, Part]:
    """The fields by name; of several with one name the first. raises Malformed."""
    said = Message()
    said["Content-Type"] = content_type
    boundary = said.get_boundary()
    if said.get_content_type() != "multipart/form-data" or not boundary:
        raise Malformed(NO_FORM)
    delimiter = b"\r\n--" + boundary.encode("utf-8", "replace")
    pieces = (b"\r\n" + body).split(delimiter, PARTS_MAX + 2)
    if len(pieces) > PARTS_MAX + 2 or not pieces[-1].startswith(b"--"):
        raise Malformed(NO_FORM)
    form: dict[str, Part] = {}
    for piece in pieces[1:-1]:
        name, part = _part(piece)
        form.setdefault(name, part)
    return form


def _part(piece: bytes) -> tuple[str, Part]:
    head, parted, content = piece.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode("utf-8", "replace").lstrip())
    name = headers.get_param("name", header="content-disposition")
    if not parted or not isinstance(name, str):
        raise Malformed(NO_FORM)
    return name, Part(content, headers.get_filename(), headers.get_content_type())
