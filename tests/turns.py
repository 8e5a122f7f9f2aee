"""Which process runs which file of tests, and when, where several share the work (`pytest -n 2`).

Not how many there are: that says who calls, and by default there is one, without any of this. A file stays in one process, for
its server or its browser. Those that talk to servers come late: an idle server takes 5 % of a core, and each process has up to
six of them until it ends. Those that kill processes come last, in one process, when the others have ended. Of either kind those
with slow tests come first, so that all processes end at about the same time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

SERVED = "tests/e2e/"
ALONE = "tests/faults/"
REPOSITORY = Path(__file__).parents[1]


class Turns(LoadFileScheduling):
    """As xdist's own, largest file first, but for what is said above."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        file = min(self.workqueue, key=turn)
        others = [other for other in self.nodes if other is not node]
        if file.startswith(ALONE) and others:
            # The last that is still there stays, and gets its next file when the others have left.
            if not all(other.shutting_down for other in others):
                node.shutdown()
            return
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        for other in self.nodes:
            self._reschedule(other)
        return crashed


def turn(file: str) -> tuple[bool, bool, bool]:
    """The smallest is next."""
    is_slow = "mark.slow" in (REPOSITORY / file).read_text()
    return file.startswith(ALONE), file.startswith(SERVED), not is_slow


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Turns | None:
    """Ours, unless another is asked for with --dist."""
    return Turns(config, log) if config.getoption("dist") == "load" else None
