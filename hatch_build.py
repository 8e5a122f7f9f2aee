"""The package's build: compiles the CPU step library of musicgen/native/ into the package, when there is a compiler."""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path(__file__).parent / "src" / "bandstand" / "musicgen" / "native"


class StepLibraryHook(BuildHookInterface[Any]):
    """Runs for wheels and for editable installs; without a compiler the wheel stays pure Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - theirs
        if self.target_name != "wheel":
            return
        built = runpy.run_path(str(NATIVE / "build.py"))
        if not built["build_or_say_why_not"]():
            return
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}"
        build_data["artifacts"].append(f"/{built['FILE'].relative_to(self.root)}")
