"""Gives memory back that a mapped file took while its weights were read, so that a model does not lie in memory twice.

Touches nothing that is not a file's unchanged page: those come back from the file when somebody asks for them again. Linux only;
elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path

import numpy as np
from torch import Tensor

_PRESENT, _OF_A_FILE = (
    63,
    61,
)  # bits of an entry in /proc/self/pagemap (kernel.org, admin-guide/mm/pagemap)
_DONT_NEED = 4  # madvise, on every architecture of Linux


def forget(tensor: Tensor) -> None:
    """Let go of the pages that lie wholly inside a tensor, if all of them are a mapped file's."""
    pagemap = Path("/proc/self/pagemap")
    if sys.platform != "linux" or not pagemap.exists():
        return
    size = mmap.PAGESIZE
    first = -(-tensor.data_ptr() // size)
    last = (tensor.data_ptr() + tensor.nbytes) // size
    if last <= first or not _are_files(pagemap, first, last):
        return
    libc = ctypes.CDLL(None)
    libc.madvise(ctypes.c_void_p(first * size), ctypes.c_size_t((last - first) * size), _DONT_NEED)


def _are_files(pagemap: Path, first: int, last: int) -> bool:
    """Whether each page in memory is a file's: a private copy, made by writing, is not, and would be lost."""
    with pagemap.open("rb", buffering=0) as entries:
        read = os.pread(entries.fileno(), (last - first) * 8, first * 8)
    pages = np.frombuffer(read, dtype=np.uint64)
    present = (pages >> np.uint64(_PRESENT)) & np.uint64(1)
    of_a_file = (pages >> np.uint64(_OF_A_FILE)) & np.uint64(1)
    swapped = (pages >> np.uint64(62)) & np.uint64(1)
    return (
        len(pages) == last - first
        and not bool(np.any(present & ~of_a_file))
        and not bool(swapped.any())
    )
