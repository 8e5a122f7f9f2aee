"""How other APIs call our models. Not what the models are: that is `models.py`.

Sources: the documents of these APIs; Leap's ids stand in its documentation of December 2023.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ForeignName:
    """How one API calls a model.

    dialect  "replicate", "leap", "modelslab", "segmind"
    name     as it stands in that API's URLs or bodies
    model    ours
    """

    dialect: str
    name: str
    model: str


REPLICATE_MODEL = "meta/musicgen"
REPLICATE_VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
# Older ones that programs still name; all are made alike here.
REPLICATE_VERSIONS = (
    REPLICATE_VERSION,
    "b05b1dff1d8c6dc63d14b0cdb42135378dcb87f6373b0d3d341ede46e59e2b38",
    "7be0f12c54a8d033a0fbd14418c9af98962da9a86f5ff7811f9b3423a1f0b7d7",
    "7a76a8258b23fae65c5a22debb8841d1d7e816b75c2f24218cd2bd8573787906",
)
FOREIGN_NAMES: tuple[ForeignName, ...] = (
    *(
        ForeignName(dialect="replicate", name=name, model=name)
        for name in ("stereo-melody-large", "stereo-large", "melody-large", "large")
    ),
    ForeignName(dialect="leap", name="melody", model="melody-large"),
    ForeignName(dialect="leap", name="music", model="large"),
    ForeignName(dialect="modelslab", name="music_gen", model="melody"),
    ForeignName(dialect="segmind", name="meta-musicgen-medium", model="medium"),
    *(
        ForeignName(dialect="leap", name=name, model=model)
        for name, model in (
            ("26a1a203-3a46-42cb-8cfa-f4de075907d8", "sdxl"),
            ("ee88d150-4259-4b77-9d0f-090abe29f650", "sd-2.1"),
            ("8b1b897c-d66d-45a6-b8d7-8e32421d02cf", "sd-1.5"),
            ("37d42ae9-5f5f-4399-b60b-014d35e762a5", "realistic-vision-4"),
            ("eab32df0-de26-4b83-a908-a83f3015e971", "realistic-vision-2"),
            ("1e7737d7-545e-469f-857f-e4b46eaa151d", "openjourney-4"),
            ("d66b1686-5e5d-43b2-a2e7-d295d679917c", "openjourney-2"),
            ("7575ea52-3d4f-400f-9ded-09f7b1b1a5b8", "openjourney-1"),
            ("8ead1e66-5722-4ff6-a13f-b5212f575321", "modern-disney"),
            ("1285ded4-b11b-4993-a491-d87cdfe6310c", "future-diffusion"),
        )
    ),
)


def model_named(dialect: str, name: str) -> str | None:
    """Our name of a model that `dialect` calls `name`."""
    return next(
        (row.model for row in FOREIGN_NAMES if (row.dialect, row.name) == (dialect, name)), None
    )
