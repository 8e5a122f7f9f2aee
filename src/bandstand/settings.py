"""All settings, and the only reader of the environment.

Precedence: arguments > `BANDSTAND_*` variables > `.env` > `./bandstand.toml` > `~/.config/bandstand/config.toml` > defaults.
A name that is not known is refused at start, with the nearest one that is.
"""

from __future__ import annotations

import difflib
import enum
import os
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from platformdirs import user_config_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bandstand.errors import Misconfigured

PREFIX = "BANDSTAND_"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
TOML_FILES = (Path("bandstand.toml"), user_config_path("bandstand") / "config.toml")


class Role(enum.StrEnum):
    """What this process does: everything, only HTTP, or only the work."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


class StandIn(enum.StrEnum):
    """What a request for a model without weights gets."""

    BUILTIN = "builtin"
    OTHER = "other"
    ERROR = "error"


class Device(enum.StrEnum):
    """Where a model computes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Precision(enum.StrEnum):
    """In which numbers a model's decoder keeps its weights; all else of it is always float32."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"
    INT4 = "int4"


Names = Annotated[list[str], NoDecode]
Pauses = Annotated[list[Annotated[float, Field(gt=0, le=7 * 86400)]], NoDecode]


class Settings(BaseSettings):
    """Each field is `BANDSTAND_<NAME>` in the environment and `<name>` in TOML."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8046, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        None,
        description="Absolute URL under which clients reach this server; default http://HOST:PORT.",
    )
    api_key: SecretStr | None = Field(None, description="Presets the first account's key.")
    role: Role = Field(Role.ALL, description="all, api (HTTP only) or worker (engines only).")
    data: Path = Field(
        Path("data"), description="Folder for the database, results and spooled files."
    )
    database_url: str | None = Field(
        None, description="sqlite:///FILE or postgresql://...; default a file in the data folder."
    )
    database_direct_url: str | None = Field(
        None, description="PostgreSQL without a pooler in between, for locks held by a connection."
    )
    blobs_url: str | None = Field(
        None,
        description="file:///FOLDER or s3://BUCKET/PREFIX; default a folder in the data folder.",
    )
    engines: Names = Field(
        ["auto"],
        description="Engines this process runs, separated by commas; auto: composer and canvas, and musicgen and diffusion once their weights and libraries are here.",
    )
    stand_in: StandIn = Field(
        StandIn.BUILTIN,
        description="What makes a piece or a picture when the model asked for has no weights here.",
    )
    models: Path | None = Field(
        None, description="Folder of model weights; default in the data folder."
    )
    commercial_only: bool = Field(
        False, description="Refuse weights whose licence does not allow commercial use."
    )
    device: Device = Field(
        Device.AUTO,
        description="Where MusicGen and diffusion compute: cpu, cuda, mps; auto takes the best.",
    )
    precision: Precision = Field(
        Precision.AUTO,
        description="Numbers of MusicGen's weights: float32, bfloat16, on a GPU float16, on a CPU int8 and int4; auto: bfloat16 on a CPU, float16 on a GPU. Diffusion takes what it has of these.",
    )
    tracks: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Pieces MusicGen decodes at once; default 4 on a CPU, 16 elsewhere.",
    )
    memory_gb: float | None = Field(
        None,
        gt=0,
        description="Memory for loaded models, in GB; default 70 % of the machine's, or of the GPU's.",
    )
    unload_seconds: float = Field(
        600.0, gt=0, description="A model that nobody used for so long is unloaded."
    )
    soundfont: Path | None = Field(
        None,
        description="SF2 or SF3 file the composer plays acoustic instruments from; none: its own synthesis only; default the best one in /usr/share/sounds, if there is one.",
    )
    allowed_private_hosts: Names = Field(
        [],
        description="Hosts or networks that webhooks and inputs may reach though they are private.",
    )
    poll_seconds: float = Field(0.2, gt=0, le=10, description="How often a worker looks for jobs.")
    grace_seconds: float = Field(
        2.0,
        gt=0,
        le=300,
        description="How long a process may be gone before its jobs are handed on.",
    )
    hang_seconds: float = Field(
        120.0, gt=0, description="An engine that reports nothing of a job for so long is restarted."
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="How long running jobs may go on after the signal to stop."
    )
    jobs_max_account: int = Field(100, ge=1, description="Unfinished jobs one account may have.")
    jobs_max_total: int = Field(1000, ge=1, description="Unfinished jobs of all accounts together.")
    body_bytes_max: int = Field(1_000_000, ge=1000, description="Largest JSON body.")
    inline_bytes_max: int = Field(
        10_000_000,
        ge=1000,
        description="Largest JSON body of a request that may hold sound or a picture.",
    )
    receive_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="How long a body may take to arrive, and a second more for each 32 kB of it; headers a third of that.",
    )
    answer_seconds: float = Field(
        10.0,
        ge=0,
        le=60,
        description="How long ModelsLab's create waits for the result before it answers: processing.",
    )
    link_seconds: float = Field(
        3600.0, gt=0, le=10 * 365 * 86400, description="How long a link to a result works."
    )
    keep_seconds: float | None = Field(
        None,
        gt=0,
        description="How long results are kept; default: as long as the API that was asked does.",
    )
    webhook_pauses: Pauses = Field(
        [5, 30, 120, 600, 3600, 10800, 21600, 43200, 86400],
        description="Seconds between the tries to deliver a webhook, separated by commas.",
    )
    creates_per_minute: int = Field(600, ge=1, description="Creates, cancels and deletes per key.")
    reads_per_minute: int = Field(3000, ge=1, description="Other requests per key.")
    leap_keyless: bool = Field(
        True,
        description="Leap's clients ask for one job without a key, by its unguessable id; false refuses them.",
    )
    playground: bool = Field(True, description="Serve the page at / and what it needs.")
    page_hosts: Names = Field(
        [],
        description="Names under which browsers may open the playground, besides localhost and the name in the public URL.",
    )
    session_seconds: float = Field(
        30 * 86400.0, gt=0, le=366 * 86400, description="How long a browser stays logged in."
    )
    first_example: bool = Field(
        True,
        description="Make one example track when `serve --open` finds an account that has no tracks yet.",
    )
    failed_keys_per_minute: int = Field(20, ge=1, description="Wrong keys per network address.")
    upload_bytes_max: int = Field(50_000_000, ge=1000, description="Largest uploaded file.")
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="Least level to log."
    )
    log_json: bool = Field(False, description="One JSON object per log line instead of text.")

    @field_validator(
        "engines", "allowed_private_hosts", "page_hosts", "webhook_pauses", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del file_secret_settings
        files = [TomlConfigSettingsSource(settings_cls, file) for file in TOML_FILES]
        return (init_settings, env_settings, dotenv_settings, *files)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'bandstand.db'}"

    @property
    def database_direct(self) -> str:
        return self.database_direct_url or self.database

    @property
    def blobs(self) -> str:
        return self.blobs_url or str(self.data.resolve() / "blobs")

    @property
    def models_folder(self) -> Path:
        return (self.models or self.data / "models").resolve()

    @property
    def url(self) -> str:
        """The server's own address as clients see it, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def has_display() -> bool:
    """Whether a browser could show a window here."""
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, DISPLAYS))


def load_settings(**given: Any) -> Settings:
    """The settings of this process; `given` are those from the command line, None meaning not given.

    raises  Misconfigured naming the setting, what is wrong with it and, when misspelt, the nearest name
    """
    _refuse_unknown(
        (name[len(PREFIX) :], name)
        for name in [*os.environ, *dotenv_values(".env")]
        if name.upper().startswith(PREFIX)
    )
    for file in TOML_FILES:
        if file.is_file():
            _refuse_unknown((name, f"{name} in {file}") for name in _read_toml(file))
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise Misconfigured(f"{name}: {first['msg']}") from None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} is not valid TOML: {error}") from None


def _refuse_unknown(names: Iterable[tuple[str, str]]) -> None:
    known = list(Settings.model_fields)
    for name, shown in names:
        if name.lower() not in known:
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
            raise Misconfigured(f"there is no setting {shown}{hint}")


def origin_of(name: str, given: Iterable[str] = ()) -> str:
    """Where a setting's value came from, in a person's words."""
    variable = PREFIX + name.upper()
    if name in given:
        return "command line"
    if any(key.upper() == variable for key in os.environ):
        return "environment"
    if any(key.upper() == variable for key in dotenv_values(".env")):
        return ".env"
    for file in TOML_FILES:
        if file.is_file() and name in _read_toml(file):
            return str(file)
    return "default"
