"""A step recorded once as a CUDA graph, and then played back: one launch instead of some thousand.

Nothing of it runs without a GPU, and on none has it been measured yet.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

WARM_UPS = 3  # libraries choose their kernels and take their memory before anything may be recorded


def capture(act: Callable[[], None]) -> Callable[[], None]:
    """The act as a graph. It is run a few times first, and must leave everything as it was when it is recorded."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):
            act()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        act()
    return graph.replay
