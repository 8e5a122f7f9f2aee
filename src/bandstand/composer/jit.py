"""How the sound kernels are compiled: to machine code, without the GIL, kept in a cache between runs.

Not for anything that is not a loop over samples. Importing this module imports numba, so nothing that only
reads prompts may do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import config
from platformdirs import user_cache_path

Loop = TypeVar("Loop", bound=Callable[..., Any])

# numba has already read NUMBA_CACHE_DIR; only where nobody set it do we choose the place.
_PLACE = "CACHE_DIR"
if not getattr(config, _PLACE):
    setattr(config, _PLACE, str(user_cache_path("bandstand") / "numba"))


def kernel(loop: Loop) -> Loop:
    """Compile a loop over samples; strict arithmetic, so that any split into blocks gives the same samples."""
    return cast(Loop, numba.njit(nogil=True, cache=True)(loop))


def summing_kernel(loop: Loop) -> Loop:
    """As `kernel`, but sums may be reordered (a vector of partials); only for what is never split into blocks."""
    return cast(Loop, numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})(loop))
