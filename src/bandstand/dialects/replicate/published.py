"""The models under their names at Replicate, and the versions under which programs ask for them.

Not what is installed here; the catalog knows that. Source: the versions that programs name on GitHub (November 2026).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bandstand.catalog import MODELS, REPLICATE_MODEL, REPLICATE_VERSIONS
from bandstand.errors import Invalid, NotFound
from bandstand.jobs import Job
from bandstand.specs import Kind

BAD_VERSION = "Invalid version or not permitted"
HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Published:
    """One model there.

    model     ours; None where an input says which
    versions  newest first
    """

    name: str
    description: str
    versions: Sequence[str]
    model: str | None = None


MUSIC = Published(
    name=REPLICATE_MODEL,
    description="Generate music from a prompt or melody",
    versions=REPLICATE_VERSIONS,
)


def _ours(name: str) -> Published:
    path = f"bandstand/{name}"
    return Published(
        name=path,
        description=f"Draw pictures with {MODELS[name].title}",
        versions=(hashlib.sha256(path.encode()).hexdigest(),),
        model=name,
    )


PUBLISHED: Mapping[str, Published] = {
    published.name: published
    for published in (
        MUSIC,
        Published(
            name="stability-ai/sdxl",
            description="A text-to-image generative AI model that creates beautiful images",
            versions=(
                "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc",
                "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
            ),
            model="sdxl",
        ),
        Published(
            name="stability-ai/stable-diffusion",
            description="Generate images from text with Stable Diffusion 2.1",
            versions=(
                "ac732df83cea7fff18b8472768c88ad041fa750ff7682a21affe81863cbe77e4",
                "db21e45d3f7023abc2a46ee38a23973f6dce16bb082a930b0c49861f96d1e5bf",
            ),
            model="sd-2.1",
        ),
        *(_ours(model.name) for model in MODELS.values() if model.kind is Kind.IMAGE),
    )
}


def with_version(asked: str) -> Published:
    """The model that a hash, `owner/name:hash` or `owner/name` means. raises Invalid for what is not published here"""
    name, _, revision = asked.rpartition(":") if ":" in asked else ("", "", asked)
    for published in PUBLISHED.values():
        if asked == published.name:
            return published
        if revision in published.versions and name in {"", published.name}:
            return published
    raise Invalid("version", BAD_VERSION)


def with_name(owner: str, name: str) -> Published:
    """raises NotFound for a model that is not published here"""
    published = PUBLISHED.get(f"{owner}/{name}")
    if published is None:
        raise NotFound("The requested resource could not be found.")
    return published


def published_of(job: Job) -> tuple[str, str]:
    """Name and version of what a prediction asked for; of one whose content is gone, as far as can be told."""
    asked = str(job.asked.get("version", ""))
    try:
        published = with_version(asked)
    except Invalid:
        published = MUSIC if job.kind is Kind.MUSIC else PUBLISHED[f"bandstand/{job.spec.model}"]
    revision = asked.rpartition(":")[2]
    return published.name, revision if HASH.fullmatch(revision) else published.versions[0]
