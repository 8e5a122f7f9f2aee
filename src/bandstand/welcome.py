"""The piece that is there when somebody opens the page for the first time: one example, made on the spot, and a gift.

It takes the way of every other job, so whoever sees it has seen the server work.
"""

from __future__ import annotations

import structlog

from bandstand.catalog import COMPOSER
from bandstand.errors import BandstandError
from bandstand.jobs import Order
from bandstand.library import Library, Mark
from bandstand.service import Account, Service
from bandstand.specs import Encoding, MusicSpec

PROMPT = "warm lo-fi hip hop with a mellow Rhodes, upright bass and soft drums, 78 bpm, D minor"
SECONDS = 24.0
SEED = 8
ORIGIN = "native"
LOG = structlog.get_logger("welcome")


async def make_example(service: Service, library: Library, account: Account) -> None:
    """For an account that has no jobs yet. That it cannot be made is no reason not to start."""
    if not await library.is_empty(account.id):
        return
    spec = MusicSpec(
        prompt=PROMPT, model=COMPOSER.name, seconds=SECONDS, seed=SEED, encoding=Encoding.MP3
    )
    asked = {"prompt": PROMPT, "seconds": SECONDS, "seed": SEED, "encoding": Encoding.MP3.value}
    try:
        job = await service.submit(
            account, Order(spec=spec, origin=ORIGIN, asked=asked, is_gift=True)
        )
        await library.mark(job, Mark.EXAMPLE)
    except BandstandError as error:
        LOG.warning("no example", reason=error.message)
