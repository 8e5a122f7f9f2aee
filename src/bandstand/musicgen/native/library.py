"""Finds the built step library and loads it, or says why not. Knows no tensors.

The functions are declared in step.h; this is their mirror for ctypes.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

from bandstand.errors import Misconfigured

VERSION = 2  # of step.h
FILE = Path(__file__).parent / "libbandstand_step.so"
LEVELS = ("plain", "AVX2", "AVX-512 VNNI", "AVX-512 VNNI and BF16")


class StepSizes(ctypes.Structure):
    """BandstandSizes."""

    _fields_ = tuple(
        (name, ctypes.c_int32)
        for name in (
            *("width", "inner", "layers", "heads", "codebooks", "codes", "is_prefix"),
            *("slots", "length", "text", "precision", "threads"),
        )
    )


class Tracks(ctypes.Structure):
    """BandstandTracks: the tensors of `State`, and two bounds."""

    _fields_ = (
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("columns", "column", "prefix", "is_playing", "seed", "draws"),
                *("temperature", "top_k", "top_p", "guidance"),
            )
        ),
        ("columns_max", ctypes.c_int32),
        ("positions_max", ctypes.c_int32),
    )


_POINTER = ctypes.c_void_p
_INT = ctypes.c_int32
_FUNCTIONS = {
    "version": (_INT, []),
    "level": (_INT, [_INT]),
    "open": (_POINTER, [ctypes.POINTER(StepSizes)]),
    "pack": (None, [_POINTER, _INT, _INT, _POINTER]),
    "attend": (None, [_POINTER, _INT, _POINTER, _INT]),
    "embed": (None, [_POINTER, _POINTER, _INT, _POINTER]),
    "prefill": (None, [_POINTER, _INT, _POINTER, _INT, _INT]),
    "logits": (None, [_POINTER, _POINTER, _POINTER, _POINTER]),
    "take": (_INT, [_POINTER, ctypes.POINTER(Tracks)]),
    "weight_bytes": (ctypes.c_int64, [_POINTER]),
    "cache_bytes": (ctypes.c_int64, [_POINTER]),
    "close": (None, [_POINTER]),
}


def open_library(file: Path) -> ctypes.CDLL:
    """
    raises  OSError when the file is not there, or not for this machine; AttributeError when it is another version's
    """
    library = ctypes.CDLL(str(file))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, f"bandstand_step_{name}")
        function.restype, function.argtypes = result, arguments
    if (found := library.bandstand_step_version()) != VERSION:
        raise AttributeError(f"version {found} instead of {VERSION}")
    return library


@functools.cache
def why_not(file: Path = FILE) -> str | None:
    """Why there is no step library; None when there is one."""
    if not file.exists():
        return "not built: no C++ compiler could build it when bandstand was installed"
    try:
        open_library(file)
    except (OSError, AttributeError) as error:
        return f"cannot be loaded: {error}"
    return None


@functools.cache
def load() -> ctypes.CDLL:
    """
    raises  Misconfigured when there is no step library
    """
    if reason := why_not():
        raise Misconfigured(f"The step library is {reason}.")
    return open_library(FILE)


def use_level(wanted: int = -1) -> str:
    """Which instructions decoders use that are made from now on: 0 to 3, -1 for the best; never more than the machine has."""
    return LEVELS[load().bandstand_step_level(wanted)]
