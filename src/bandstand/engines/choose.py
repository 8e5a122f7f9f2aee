"""Which files of a repository or a folder are needed, by their names alone; all others are never fetched.

Every name that comes out is one that was looked for, so that no stranger's list of files leads outside of a folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from bandstand.diffusion.describe import INDEX as PIPELINE
from bandstand.diffusion.describe import TENSORS
from bandstand.errors import Invalid

# Besides MusicGen's tensors: what the text encoder's tokenizer and the sizes are read from.
SMALL_FILES = frozenset(
    {
        *("config.json", "generation_config.json", "preprocessor_config.json"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        *("spiece.model", "added_tokens.json"),
    }
)
WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
AUDIOCRAFT = ("state_dict.bin", "compression_state_dict.bin")
MULTIBAND_FILE = "mbd_musicgen_32khz.th"
# Of diffusers' folders. What fills a part is its own; the variant is half as large, and as good.
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "safety_checker")
SMALL_PARTS = ("tokenizer", "tokenizer_2", "scheduler", "feature_extractor")
SMALL = re.compile(r"[\w-]+\.(json|txt)")
STEMS = ("diffusion_pytorch_model", "model")
VARIANT = "fp16"
PICKLES = (".ckpt", ".bin", ".pt", ".pth")
SINGLE = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]*\.safetensors")
NOT_A_MODEL = ("vae", "inpaint", "refiner")  # in a file's name, beside the one that is meant


def choose_files(names: Iterable[str], where: str, file: str | None = None) -> list[str]:
    """Of MusicGen: safetensors when there are any, otherwise what audiocraft writes. Of pictures: safetensors.

    file    the one that is meant, where there are several
    raises  Invalid when there is nothing that can be used
    """
    there = set(names)
    if file is not None:
        if file not in there or not SINGLE.fullmatch(file):
            raise Invalid("file", f"{where} holds no file {file!r} of tensors at its top")
        return [file]
    if PIPELINE in there:
        return _pipeline(there, where)
    if music := _music(there):
        return music
    return [_single(there, where)]


def are_pictures(names: Collection[str]) -> bool:
    """Whether what was chosen is for diffusion."""
    return PIPELINE in names or any(
        name.endswith(TENSORS) and name != WHOLE and not SHARD.fullmatch(name) for name in names
    )


def choose_needed(names: Iterable[str], where: str, needed: Sequence[str]) -> list[str]:
    """Exactly these. raises Invalid when one is not there"""
    there = set(names)
    if missing := [name for name in needed if name not in there]:
        raise Invalid("source", f"{where} lacks {' and '.join(missing)}")
    return list(needed)


def _music(there: set[str]) -> list[str]:
    shards = sorted(name for name in there if SHARD.fullmatch(name))
    if WHOLE in there:
        tensors = [WHOLE]
    elif INDEX in there and shards:
        tensors = [INDEX, *shards]
    elif MULTIBAND_FILE in there:
        return [MULTIBAND_FILE]
    elif AUDIOCRAFT[0] in there:
        return [name for name in AUDIOCRAFT if name in there]
    else:
        return []
    return [*sorted(there & SMALL_FILES), *tensors]


def _pipeline(there: set[str], where: str) -> list[str]:
    chosen = [PIPELINE]
    for part in PARTS:
        inside = {name.partition("/")[2] for name in there if name.startswith(f"{part}/")}
        tensors = _tensors(inside)
        if tensors:
            chosen += [f"{part}/{name}" for name in ("config.json", *tensors) if name in inside]
        elif inside and part != "safety_checker":
            raise Invalid(
                "source",
                f"{where} has {part} without {TENSORS} weights; pickled ones (.bin, .ckpt) are never loaded",
            )
    for name in sorted(there):
        part, _, rest = name.partition("/")
        if part in SMALL_PARTS and SMALL.fullmatch(rest):
            chosen.append(name)
    return chosen


def _tensors(inside: set[str]) -> list[str]:
    """The smallest whole set of a part's tensors."""
    for stem in STEMS:
        for name in (f"{stem}.{VARIANT}{TENSORS}", f"{stem}{TENSORS}"):
            if name in inside:
                return [name]
        shard = re.compile(re.escape(stem) + r"-\d+-of-\d+\.safetensors")
        index, shards = f"{stem}{TENSORS}.index.json", sorted(filter(shard.fullmatch, inside))
        if index in inside and shards:
            return [index, *shards]
    return []


def _single(there: set[str], where: str) -> str:
    files = sorted(name for name in there if SINGLE.fullmatch(name))
    meant = [name for name in files if not any(word in name.lower() for word in NOT_A_MODEL)]
    if len(files) == 1:
        return files[0]
    if len(meant) == 1:
        return meant[0]
    if files:
        raise Invalid(
            "file", f"{where} holds {len(files)} models; say which with --file: {', '.join(files)}"
        )
    pickled = any(name.endswith(PICKLES) for name in there)
    hint = "; pickled ones (.ckpt, .bin) are never loaded" if pickled else ""
    raise Invalid(
        "source",
        f"{where} holds no weights: neither {WHOLE} nor shards of it nor state_dict.bin nor {PIPELINE}"
        f" nor another {TENSORS} file{hint}",
    )
