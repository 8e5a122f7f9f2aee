"""Prompts as they are searched: letters that mean the same are the same, and nothing in them that a database does not take.

Not for showing; the prompt itself is in the job's spec.
"""

from __future__ import annotations

import unicodedata

TERMS_MAX = 8


def folded(text: str) -> str:
    """Upper and lower case, wide and narrow letters alike."""
    whole = text.replace("\0", " ").encode(errors="replace").decode()
    return unicodedata.normalize("NFKC", whole).casefold()


def terms(search: str) -> list[str]:
    """The words that must all be in a prompt, anywhere."""
    return folded(search).split()[:TERMS_MAX]
