"""Files of torch.save read without running them: what is in them comes out, what wants to run does not, what is damaged is told."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from bandstand.errors import Misconfigured
from bandstand.musicgen.pickles import Record, read_pickle
from bandstand.musicgen.stored import ITEM_BYTES
from bandstand.musicgen.tensors import load


def saved(folder: Path, thing: Any) -> Path:
    file = folder / "state.bin"
    torch.save(thing, file)
    return file


def packed(folder: Path, program: bytes, *, storages: dict[str, bytes] | None = None) -> Path:
    """A file as torch.save lays it out, around a pickle of our own."""
    file = folder / "state.bin"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/byteorder", "little")
        for key, content in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", content)
    return file


def program(thing: Any, storages: dict[int, tuple[str, str, int]]) -> bytes:
    """A pickle in which certain objects, by id, are storages: (class of torch, key, count)."""
    stream = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            if (told := storages.get(id(obj))) is None:
                return None
            return ("storage", getattr(torch, told[0]), told[1], "cpu", told[2])

    Pickler(stream, protocol=2).dump(thing)
    return stream.getvalue()


class Rebuilt:
    """Pickles as a tensor of a storage of four float32, of which only the claims matter."""

    def __init__(self, *, count: int, offset: int, shape: Any, strides: Any) -> None:
        self.storage, self.count = object(), count
        self.claims = offset, shape, strides, False, OrderedDict()

    def __reduce__(self) -> Any:
        return torch._utils._rebuild_tensor_v2, (self.storage, *self.claims)

    def write(self, folder: Path) -> Path:
        told = program(self, {id(self.storage): ("FloatStorage", "0", self.count)})
        return packed(folder, told, storages={"0": bytes(16)})


class Payload:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = function, arguments

    def __reduce__(self) -> Any:
        return self.called


@pytest.mark.parametrize(
    "dtype",
    [getattr(torch, name) for name in ITEM_BYTES],
    ids=str,
)
def test_tensors_of_each_type_come_out_as_they_went_in(tmp_path: Path, dtype: torch.dtype) -> None:
    tensor = torch.arange(24).reshape(4, 6).to(dtype)

    found = load(saved(tmp_path, {"a": tensor}))

    assert found["a"].dtype == dtype
    assert torch.equal(found["a"], tensor)


def test_views_come_out_with_their_offsets_and_strides(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    views = {"turned": whole.t(), "part": whole[1:3, 2:], "one": whole[2, 3], "none": whole[:0]}

    found = load(saved(tmp_path, views))

    assert all(torch.equal(found[name], view) for name, view in views.items())


def test_state_dict_of_a_module_comes_out_as_a_plain_dict(tmp_path: Path) -> None:
    module = torch.nn.Linear(3, 4)

    found = load(saved(tmp_path, module.state_dict()))

    assert type(found) is dict
    assert torch.equal(found["weight"], module.weight)


def test_parameters_come_out_as_tensors(tmp_path: Path) -> None:
    found = load(saved(tmp_path, {"p": torch.nn.Parameter(torch.ones(3))}))

    assert torch.equal(found["p"], torch.ones(3))


def test_plain_values_come_out_as_they_went_in(tmp_path: Path) -> None:
    plain = {"a": [1, 2.5, None, True], 7: ("x", b"y", {3}), "shape": torch.Size([2, 3])}

    found = read_pickle(saved(tmp_path, plain))

    assert found["a"] == plain["a"]
    assert found["shape"] == (2, 3)
    assert found[7][0] == "x"


def test_what_holds_itself_is_read_once(tmp_path: Path) -> None:
    endless: list[Any] = [1]
    endless.append(endless)

    assert read_pickle(saved(tmp_path, endless))[0] == 1


def test_what_is_held_by_many_is_read_once(tmp_path: Path) -> None:
    many: list[Any] = ["ha"]
    for _ in range(60):
        many = [many, many]

    found = read_pickle(saved(tmp_path, many))

    assert found[0] is found[1]


def class_in(module: types.ModuleType, name: str) -> Any:
    """A class that pickles under the name of one of the module's, which need not be installed."""
    made = type(name, (), {"__module__": module.__name__, "__init__": _init})
    setattr(module, name, made)
    return made


def _init(self: Any, **state: Any) -> None:
    self.__dict__.update(state, _metadata={"flags": None}, _flags_cache=None)


def test_omegaconf_comes_out_as_dicts_and_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    omegaconf = types.ModuleType("omegaconf")
    monkeypatch.setitem(sys.modules, "omegaconf", omegaconf)
    names = "DictConfig", "ListConfig", "AnyNode"
    dictionary, sequence, node = (class_in(omegaconf, name) for name in names)
    ratios = sequence(_content=[node(_val=8), node(_val=5)])
    settings = dictionary(_content={"ratios": ratios, "act": node(_val="ELU")}, _parent=None)
    ratios._parent = settings

    found = read_pickle(saved(tmp_path, {0: {"cfg": settings}}))

    assert found == {0: {"cfg": {"ratios": [8, 5], "act": "ELU"}}}


def test_unknown_classes_become_records_of_what_was_told(tmp_path: Path) -> None:
    found = read_pickle(saved(tmp_path, {"path": Path("a/b")}))

    assert isinstance(found["path"], Record)
    assert (found["path"].name, found["path"].arguments) == ("PosixPath", ("a", "b"))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch MARK",)),
        (os.mkdir, ("MARK",)),
        (open, ("MARK", "w")),
        (eval, ("open('MARK', 'w')",)),
        (exec, ("open('MARK', 'w')",)),
        (subprocess.check_call, (["touch", "MARK"],)),
    ],
    ids=["system", "mkdir", "open", "eval", "exec", "subprocess"],
)
def test_payload_is_not_run(tmp_path: Path, function: Any, arguments: tuple[Any, ...]) -> None:
    file = saved(tmp_path, {"best_state": Payload(function, *arguments)})
    home = tmp_path / "home"
    home.mkdir()

    with contextlib.chdir(home):
        found = read_pickle(file)

    assert isinstance(found["best_state"], Record)
    assert list(home.iterdir()) == []


def test_payload_inside_of_a_tensor_is_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "owned"
    hidden = Payload(torch._utils._rebuild_tensor_v2, Payload(os.system, f"touch {mark}"), 0, 1, 1)

    with pytest.raises(Misconfigured, match=r"state\.bin"):
        read_pickle(saved(tmp_path, hidden))

    assert not mark.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"count": 4, "offset": 0, "shape": (5,), "strides": (1,)},
        {"count": 4, "offset": 2, "shape": (3,), "strides": (1,)},
        {"count": 4, "offset": 0, "shape": (2, 2), "strides": (3, 1)},
        {"count": 4, "offset": 0, "shape": (10**12,), "strides": (0,)},
        {"count": 5, "offset": 0, "shape": (4,), "strides": (1,)},
        {"count": 4, "offset": -1, "shape": (4,), "strides": (1,)},
        {"count": 4, "offset": 0, "shape": (2, 2), "strides": (1,)},
        {"count": 4, "offset": 0, "shape": ("4",), "strides": (1,)},
    ],
    ids=["longer", "behind", "wider", "stretched", "storage", "before", "ranks", "text"],
)
def test_tensor_that_claims_what_it_has_not_is_refused(
    tmp_path: Path, claims: dict[str, Any]
) -> None:
    file = Rebuilt(**claims).write(tmp_path)

    with pytest.raises(Misconfigured, match=r"state\.bin"):
        read_pickle(file)


def test_tensor_that_claims_what_it_has_is_read(tmp_path: Path) -> None:
    file = Rebuilt(count=4, offset=0, shape=(2, 2), strides=(2, 1)).write(tmp_path)

    assert torch.equal(load(file), torch.zeros(2, 2))


def test_number_for_the_memo_that_would_exhaust_the_memory_is_refused(tmp_path: Path) -> None:
    bomb = b"\x80\x02" + b"K\x01" + pickle.LONG_BINPUT + b"\xff\xff\xff\x7f" + b"."

    with pytest.raises(Misconfigured, match="memo"):
        read_pickle(packed(tmp_path, bomb))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."

    with pytest.raises(Misconfigured, match="damaged"):
        read_pickle(packed(tmp_path, deep))


def test_state_given_to_what_rebuilds_tensors_changes_nothing(tmp_path: Path) -> None:
    attack = b"\x80\x02ctorch._utils\n_rebuild_parameter\nN}X\x0c\x00\x00\x00__defaults__)s\x86b."

    with pytest.raises(Misconfigured):
        read_pickle(packed(tmp_path, attack))

    test_parameters_come_out_as_tensors(tmp_path)


def test_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    file = saved(tmp_path, {"a": torch.zeros(1000)})
    file.write_bytes(file.read_bytes()[:2000])

    with pytest.raises(Misconfigured, match=r"state\.bin is cut off or damaged"):
        read_pickle(file)


def test_damage_to_any_byte_of_the_pickle_is_told_as_ours_or_harmless(tmp_path: Path) -> None:
    whole = program({"a": [1, 2.0, ("x", None)], "p": Path("x"), "s": {3}}, {})
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0x5A
        file = packed(tmp_path, bytes(broken))
        with contextlib.suppress(Misconfigured):
            read_pickle(file)


def test_old_format_is_told(tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    torch.save({"a": torch.zeros(3)}, file, _use_new_zipfile_serialization=False)

    with pytest.raises(Misconfigured, match=r"before version 1\.6"):
        read_pickle(file)


def test_pointer_of_git_lfs_is_told(tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")

    with pytest.raises(Misconfigured, match="Git LFS"):
        read_pickle(file)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04"], ids=["empty", "text", "zip"])
def test_what_is_no_file_of_torch_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.bin"
    file.write_bytes(content)

    with pytest.raises(Misconfigured, match=r"state\.bin"):
        read_pickle(file)


def test_compressed_members_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.bin"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, protocol=2))

    with pytest.raises(Misconfigured, match="compressed"):
        read_pickle(file)


def test_tensors_are_pages_of_the_file(tmp_path: Path) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no list of mappings on this system")
    file = saved(tmp_path, {"a": torch.arange(4096.0)})

    tensor = load(file)["a"]

    mappings = [line.split() for line in maps.read_text().splitlines() if str(file) in line]
    ranges = [[int(side, 16) for side in mapping[0].split("-")] for mapping in mappings]
    assert any(first <= tensor.data_ptr() < last for first, last in ranges)


def test_writing_to_a_tensor_leaves_the_file(tmp_path: Path) -> None:
    file = saved(tmp_path, {"a": torch.zeros(8)})

    load(file)["a"].fill_(1.0)

    assert torch.equal(load(file)["a"], torch.zeros(8))
