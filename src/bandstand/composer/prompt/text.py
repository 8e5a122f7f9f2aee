"""A prompt as clean text, and as words. Knows no meanings: those are in `lexicon.py`.

Accents, markup and control characters go; the gaps between the words stay with them, for a comma or a slash matters.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MARKUP = re.compile(r"<[^<>]{1,200}>|https?://\S+")
BLANKS = re.compile(r"[^\S\n]+")
LINES = re.compile(r" ?\n[\s]*")
MINUS = re.compile(r"(?:\A|(?<=[ ,(]))--?(?=[^\W\d_])")
SHORT_FORMS = (
    (re.compile(r"(?i)--no\b"), " no "),
    (re.compile(r"(?i)\bw/o(?:ut)?(?![^\W_])"), " without "),
    (re.compile(r"(?i)\bw/(?=[\s\w])"), " with "),
    (re.compile(r"(?i)\s?['`]n['`]?\s?(?=[a-z])|\s?n['`]\s(?=[a-z])"), " n "),
    (re.compile(r"&"), " and "),
    (re.compile(r"\+"), " , "),
)
STRAIGHT = str.maketrans(
    {"♯": "#", "♭": "b", "’": "'", "‘": "'", "´": "'", '"': " ", "“": " ", "”": " ", "«": " "}
    | {"»": " ", "`": "'", "–": "-", "—": ";", "−": "-", "*": " ", "~": " ", "\r": "\n"}
)
WORD = re.compile(r"\d+(?:[.,/:]\d+)*(?![^\W_])|[^\W_]+(?:'[^\W_]+)*")
BREAK = re.compile(r"[,.;:!?\n()\[\]{}|•·=>#]|\s-+\s")
HASHTAG = re.compile(r"(?<![^\W_])#(?=[^\W\d_])[^\W_]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Z][a-z])")
ELIDED = re.compile(r"(?:[ldjncs]|qu|dell|nell|sull|dall|all|un)'(?=[^\W_]{3})")
"""Articles of French and Italian that have grown together with their word."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, in lower case.

    start    where it stands in the text
    clause   number of the stretch between commas, full stops and the like
    gap      what stands between it and the word before
    """

    word: str
    start: int
    clause: int
    gap: str


def clean(prompt: str, signs: Mapping[int, str]) -> str:
    """The prompt in plain characters; `signs` are emoji and the words they stand for."""
    text = html.unescape(prompt).translate(signs)
    text = without_accents(unicodedata.normalize("NFKC", text).translate(STRAIGHT))
    text = MARKUP.sub(" , ", text)
    text = HASHTAG.sub(lambda tag: HUMP.sub(" ", tag.group()), text)
    text = LINES.sub("\n", BLANKS.sub(" ", text)).strip()
    text = MINUS.sub(" without ", SHORT_FORMS[0][0].sub(SHORT_FORMS[0][1], text))
    for form, instead in SHORT_FORMS[1:]:
        text = form.sub(instead, text)
    return BLANKS.sub(" ", text)


def without_accents(text: str) -> str:
    """Letters without their marks, and no invisible characters such as those that turn the direction of writing."""
    if text.isascii():
        return "".join(char for char in text if char >= " " or char == "\n")
    apart = unicodedata.normalize("NFD", text)
    kept = (
        c for c in apart if unicodedata.category(c) not in {"Mn", "Cf", "Cc", "Cs"} or c == "\n"
    )
    return unicodedata.normalize("NFC", "".join(kept))


def words(text: str) -> list[Word]:
    found: list[Word] = []
    end = clause = 0
    for match in WORD.finditer(text):
        gap = text[end : match.start()]
        clause += BREAK.search(gap) is not None
        word = ELIDED.sub("", match.group().lower().removesuffix("'s"))
        found.append(Word(word, match.start(), clause, gap))
        end = match.end()
    return found
