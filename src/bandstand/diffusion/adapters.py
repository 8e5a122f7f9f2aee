"""LoRAs on a pipeline: put on for one job, taken off without a trace. Reads PEFT's and kohya's kind, from safetensors only."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Generator, Sequence
from typing import Any

from bandstand.diffusion.wish import Adapter
from bandstand.errors import Failed


@contextlib.contextmanager
def worn(pipeline: Any, adapters: Sequence[Adapter]) -> Generator[None]:
    """The pipeline with these on it; afterwards its tensors are what they were, to the bit.

    raises  Failed when one of them is not for this model, or damaged
    """
    if not adapters:
        yield
        return
    try:
        with warnings.catch_warnings():
            # Several at once are what is wanted here.
            warnings.filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
            names = [_put_on(pipeline, adapter, f"lora{i}") for i, adapter in enumerate(adapters)]
        pipeline.set_adapters(names, [adapter.weight for adapter in adapters])
        yield
    finally:
        pipeline.unload_lora_weights()


def _put_on(pipeline: Any, adapter: Adapter, name: str) -> str:
    try:
        pipeline.load_lora_weights(
            str(adapter.file.parent),
            weight_name=adapter.file.name,
            adapter_name=name,
            local_files_only=True,
            use_safetensors=True,
        )
    except (OSError, RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Failed(
            f"The LoRA {adapter.file.stem!r} does not fit this model: {_brief(error)}"
        ) from error
    worn_by = pipeline.get_list_adapters()
    if not any(name in names for names in worn_by.values()):
        raise Failed(f"The LoRA {adapter.file.stem!r} holds nothing for this model.")
    return name


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
