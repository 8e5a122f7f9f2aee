"""Who may import whom, how long things may be, and what a process must not load: rules of the house, kept by reading the source.

Not a style check; ruff does that. Source: docs/tour.md tells the floors in prose, this file is what holds them.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src" / "bandstand"

FLOORS = (
    {"audio", "errors", "logs", "client"},
    {"specs", "settings", "composer", "musicgen", "canvas", "diffusion"},
    {"catalog", "jobs", "pictures"},
    {"store", "blobs", "links", "engines", "fetch"},
    {
        *("service", "gate", "runner", "work", "sources", "webhooks"),
        *("liveness", "sweep", "bulletin", "live", "library", "desk", "welcome"),
    },
    {"dialects", "web"},
    {"cli", "build"},
)
# On one floor nobody knows the neighbours, except these, and never both each other.
NEXT_DOOR = {
    ("cli", "build"),
    ("web", "dialects"),
    ("service", "bulletin"),
    ("service", "gate"),
    ("service", "runner"),
    ("service", "live"),
    ("work", "bulletin"),
    ("work", "runner"),
    ("work", "sources"),
    ("sweep", "runner"),
    ("sweep", "service"),
    ("runner", "bulletin"),
    ("welcome", "library"),
    ("welcome", "service"),
}
MAKERS = {"composer", "musicgen", "canvas", "diffusion"}
MAKERS_KNOW = {"audio", "errors"}
# Besides its engine: who only looks at files of a maker, or writes them, and plays nothing.
MAKERS_FILES = {
    "engines/weights.py": {
        *("bandstand.musicgen.describe", "bandstand.musicgen.sizes"),
        "bandstand.diffusion.describe",
    },
    "engines/checkpoints.py": {"bandstand.diffusion.describe"},
    "engines/choose.py": {"bandstand.diffusion.describe"},
    "engines/pull.py": {"bandstand.diffusion.describe"},
    "engines/convert.py": {"bandstand.musicgen.checkpoints"},
    "engines/device.py": {"bandstand.musicgen.native.library"},
    "engines/cover.py": {"bandstand.canvas"},
    "cli/additions.py": {"bandstand.composer.soundfonts.search"},
    "engines/offer.py": {"bandstand.canvas", "bandstand.diffusion.ways"},
}
DIALECTS_NEVER = {
    "store",
    "engines",
    "runner",
    "work",
    "blobs",
    "bulletin",
    "sweep",
    "liveness",
    "webhooks",
}
ONLY_IN = {
    "torch": {"engines", "musicgen", "diffusion"},
    "transformers": {"diffusion"},
    "safetensors": {"musicgen"},
    "huggingface_hub": {"engines"},
    "httpx2": {"engines", "client"},
    "diffusers": {"diffusion"},
    "numba": {"composer"},
    "PIL": {"canvas", "diffusion"},
    "fastapi": {"dialects", "web", "build"},
    "starlette": {"dialects", "web"},
    "sse_starlette": {"dialects", "web"},
    "dbos": {"runner", "liveness"},
    "obstore": {"blobs"},
    "typer": {"cli"},
    "rich": {"cli"},
    "uvicorn": {"cli", "web"},
    "alembic": {"store"},
    "dotenv": {"settings"},
}
# Where an import may stand inside a function: commands answer --help quickly, engines bring heavy libraries.
LATE = {
    ("engines/__init__.py", "open_engine"),
    ("dialects/__init__.py", "all_dialects"),
    ("store/migrate.py", "_upgrade"),
    ("musicgen/stems.py", "_part_of"),
    ("diffusion/upscale.py", "open"),
}
IMPORTERS = {"importlib.import_module", "import_module", "__import__"}
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 80
# Kernels that are one idea, and would be slower or harder to read in two.
LONG_KERNELS = {"composer/render/waves.py:sing"}


@dataclass(frozen=True)
class Import:
    """One imported module, and where it is written. function: "" at the top of the file."""

    file: str
    line: int
    module: str
    function: str

    @property
    def room(self) -> str:
        return room_of(self.file)

    @property
    def target(self) -> str | None:
        """The room that is imported; None for what is not ours, "" for the package itself."""
        first, _, rest = self.module.partition(".")
        return rest.partition(".")[0] if first == "bandstand" else None

    def __str__(self) -> str:
        return f"src/bandstand/{self.file}:{self.line} imports {self.module}"


def room_of(file: str) -> str:
    return Path(file).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    found = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert found, f"{room!r} has no floor: say in FLOORS where it belongs"
    return found[0]


@functools.cache
def trees() -> dict[str, ast.Module]:
    return {
        str(file.relative_to(SOURCE)): ast.parse(file.read_text(), str(file))
        for file in sorted(SOURCE.rglob("*.py"))
    }


@functools.cache
def imports() -> tuple[Import, ...]:
    return tuple(found for file, tree in trees().items() for found in _imports_in(file, tree, ""))


def _imports_in(file: str, node: ast.AST, function: str) -> Iterator[Import]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    for module in _modules(node):
        yield Import(file, node.lineno, module, function)
    for inner in ast.iter_child_nodes(node):
        yield from _imports_in(file, inner, function)


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORTERS:
        return [ast.unparse(node.args[0])]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide which room is meant"
        assert node.module is not None
        rooms = {room for floor in FLOORS for room in floor}
        if node.module == "bandstand":
            return [f"bandstand.{a.name}" if a.name in rooms else "bandstand" for a in node.names]
        return [node.module]
    return []


def ours() -> Iterator[Import]:
    """Imports from one of our rooms to another one."""
    return (i for i in imports() if i.target and i.target != i.room)


def none_of(offences: Iterable[object], rule: str) -> None:
    found = [str(offence) for offence in offences]
    assert not found, "\n".join([rule, *found])


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(file) for file in trees()} - {"__init__", "__main__"}

    assert rooms == set().union(*FLOORS)


def test_nobody_imports_from_above() -> None:
    none_of(
        (i for i in ours() if i.room != "__main__" and floor_of(i.target) > floor_of(i.room)),
        "a room imports from lower floors only:",
    )


def test_neighbours_meet_only_where_it_was_agreed() -> None:
    none_of(
        (
            i
            for i in ours()
            if i.room != "__main__"
            and floor_of(i.target) == floor_of(i.room)
            and (i.room, i.target) not in NEXT_DOOR
        ),
        "rooms of one floor do not know each other (NEXT_DOOR lists the exceptions):",
    )


def test_agreed_neighbours_do_meet() -> None:
    met = {(i.room, i.target) for i in ours()}

    none_of(sorted(NEXT_DOOR - met), "nobody uses these exceptions any more; take them out:")


def test_neighbours_of_floor_1_never_meet() -> None:
    none_of(
        (i for i in ours() if i.room in FLOORS[1] and i.target in FLOORS[1]),
        "what can be lifted out alone knows no neighbour:",
    )


def test_makers_of_sound_know_only_sound_and_errors() -> None:
    none_of(
        (i for i in ours() if i.room in MAKERS and i.target not in MAKERS_KNOW),
        f"a maker's room can be used as a library; it imports of ours only {MAKERS_KNOW}:",
    )


def test_makers_of_sound_are_known_only_to_their_engine() -> None:
    none_of(
        (
            i
            for i in ours()
            if i.target in MAKERS
            and i.file != f"engines/{i.target}.py"
            and i.module not in MAKERS_FILES.get(i.file, ())
        ),
        "whoever wants sound asks an engine for it (MAKERS_FILES lists who only looks at files):",
    )


def test_files_of_makers_are_looked_at_where_it_is_said() -> None:
    known = {(i.file, i.module) for i in imports()}

    none_of(
        sorted({(f, module) for f, modules in MAKERS_FILES.items() for module in modules} - known),
        "nobody uses these exceptions any more; take them out:",
    )


def test_dialects_speak_to_the_service_only() -> None:
    none_of(
        (i for i in ours() if i.room == "dialects" and i.target in DIALECTS_NEVER),
        "a dialect is data and two translations; these are the service's:",
    )


def test_dialects_never_import_one_another() -> None:
    shared = {"dialects", "dialects.door", "dialects.wire"}
    none_of(
        (
            i
            for i in imports()
            if i.room == "dialects"
            and (module := i.module.removeprefix("bandstand.")).startswith("dialects")
            and module not in shared
            and _dialect(module.split(".")) != _dialect(i.file.split("/"))
            and i.file != "dialects/__init__.py"
        ),
        "foreign names stop at the dialect they belong to:",
    )


def _dialect(path: list[str]) -> str:
    """Whose room it is: a dialect is a file, or a folder of them that know one another."""
    return path[1].removesuffix(".py")


def test_heavy_libraries_stay_in_their_rooms() -> None:
    none_of(
        (
            i
            for i in imports()
            if (library := i.module.partition(".")[0]) in ONLY_IN and i.room not in ONLY_IN[library]
        ),
        "ONLY_IN says where each library may be imported:",
    )


def test_imports_stand_at_the_top() -> None:
    none_of(
        (
            f"{i}, inside {i.function}()"
            for i in imports()
            if i.function and i.room != "cli" and (i.file, i.function) not in LATE
        ),
        "a lazy import is still an import; LATE lists the places that may:",
    )


def test_late_imports_are_where_they_are_said_to_be() -> None:
    late = {(i.file, i.function) for i in imports()}

    none_of(sorted(LATE - late), "these import nothing late any more:")


def test_only_settings_reads_the_environment() -> None:
    """The composer looks for a SoundFont by itself, for it can be lifted out; a child inherits its parent's variables."""
    may = {"settings.py", "engines/host.py"}
    none_of(
        (
            f"src/bandstand/{file}:{node.lineno} reads the environment"
            for file, tree in trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and file not in may
            and room_of(file) not in MAKERS
        ),
        "settings.py is the only reader of the environment:",
    )


def test_no_error_is_swallowed_whole() -> None:
    none_of(
        (
            f"src/bandstand/{file}:{node.lineno}"
            for file, tree in trees().items()
            for node in ast.walk(tree)
            if _swallows(node)
        ),
        "catch narrowly, or tell somebody:",
    )


def _swallows(node: ast.AST) -> bool:
    everything = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        catches_all = node.type is None or ast.unparse(node.type) in everything
        return catches_all and all(isinstance(line, ast.Pass) for line in node.body)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(ast.unparse(argument) in everything for argument in node.args)
    return False


def test_nothing_is_left_to_do() -> None:
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    none_of(
        (
            f"{file.relative_to(REPOSITORY)}:{number}: {line.strip()}"
            for folder in ("src", "tests", "scripts")
            for file in sorted((REPOSITORY / folder).rglob("*"))
            if file.is_file() and file.suffix in {"", ".py", ".toml"}
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if word.search(line)
        ),
        "do it, or say in docs/log.md why not yet:",
    )


def test_files_are_short_enough_to_read() -> None:
    none_of(
        (
            f"src/bandstand/{file} has {count} lines"
            for file in trees()
            if (count := len((SOURCE / file).read_text().splitlines())) > FILE_LINES_MAX
        ),
        f"a file has at most {FILE_LINES_MAX} lines:",
    )


def test_functions_are_short_enough_to_read() -> None:
    none_of(
        (
            f"src/bandstand/{file}:{node.lineno} {node.name}() has {count} lines"
            for file, node, count in _functions()
            if count > FUNCTION_LINES_MAX and f"{file}:{node.name}" not in LONG_KERNELS
        ),
        f"a function has at most {FUNCTION_LINES_MAX} lines; LONG_KERNELS lists the exceptions:",
    )


def test_long_kernels_are_long() -> None:
    long = {
        f"{file}:{node.name}" for file, node, count in _functions() if count > FUNCTION_LINES_MAX
    }

    none_of(sorted(LONG_KERNELS - long), "these need no exception any more:")


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield file, node, (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_what_it_is() -> None:
    none_of(
        (
            f"src/bandstand/{file}"
            for file, tree in trees().items()
            if tree.body and not ast.get_docstring(tree)
        ),
        "a module opens with one sentence what it is:",
    )


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    told = _python("-X", "importtime", "-m", "bandstand", "--help", folder=tmp_path).stderr

    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
    heavy = "numpy numba scipy soundfile sqlalchemy dbos fastapi starlette pydantic torch alembic"
    assert loaded & {*heavy.split()} == set()
    assert "typer" in loaded, "the list above was not read from where modules are told"


def test_a_process_that_only_answers_requests_loads_no_maker_of_sound(tmp_path: Path) -> None:
    """Sound itself (numpy, for its arrays) may be known; what makes, reads or writes it may not."""
    program = """
        import sys
        from bandstand.build import build
        from bandstand.settings import Settings
        build(Settings(role="api"))
        print("\\n".join(sys.modules))
    """

    told = _python("-c", "\n".join(map(str.strip, program.splitlines())), folder=tmp_path).stdout

    loaded = set(told.splitlines())
    heavy = {"numba", "llvmlite", "scipy", "soundfile", "soxr", "torch", "bandstand.composer"}
    heavy |= {"transformers", "huggingface_hub", "safetensors", "bandstand.musicgen.decoder"}
    assert loaded & heavy == set()
    assert "bandstand.web.app" in loaded


def _python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Another Python in an empty folder, without this process's settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BANDSTAND_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
