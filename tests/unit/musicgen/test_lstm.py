"""The packed LSTM against torch's own, which packs its weights anew at every call."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bandstand.musicgen.lstm import Gates, PackedLstm, lstm, plain_lstm

WIDTH = 32

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this torch comes without oneDNN"
)


def some(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def two_layers() -> list[Gates]:
    shapes = (4 * WIDTH, WIDTH), (4 * WIDTH, WIDTH), (4 * WIDTH,), (4 * WIDTH,)
    return [Gates(*(some(*shape) * scale for shape in shapes)) for scale in (0.2, 0.3)]


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("steps", [1, 2, 50])
def test_it_is_torchs_lstm(steps: int, streams: int) -> None:
    given = some(steps, streams, WIDTH)

    made, state = PackedLstm(two_layers())(given, None)

    expected, expected_state = plain_lstm(two_layers(), device="cpu")(given, None)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(state, expected_state, rtol=0, atol=1e-6)


def test_it_goes_on_where_it_was() -> None:
    packed, given = PackedLstm(two_layers()), some(9, 2, WIDTH)
    whole, _ = packed(given, None)

    first, state = packed(given[:4], None)
    second, _ = packed(given[4:], state)

    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-6)


def test_it_reads_a_view_as_it_is() -> None:
    packed, given = PackedLstm(two_layers()), some(2, WIDTH, 9).permute(2, 0, 1)

    made, _ = packed(given, None)

    assert torch.equal(made, packed(given.contiguous(), None)[0])


def test_a_processor_gets_the_packed_one() -> None:
    assert isinstance(lstm(two_layers(), device="cpu"), PackedLstm)
