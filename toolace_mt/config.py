"""What a run of ``generate`` is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sandbox import YamlError, read_yaml, shipped_packs
from toolace_mt.errors import ConfigError
from toolace_mt.injections import INJECTIONS

__all__ = ["EndpointConfig", "GenerateConfig", "PriceConfig", "SimulatedConfig", "load_config"]

_JOINED = (
    "banking+email",
    "calendar+smart-home",
    "healthcare+calendar",
    "retail+smart-home",
    "support-desk+files",
    "travel+calendar",
)
"""One person's errands that people combine; two packs with a persona would make two persons of the user."""
Positive = Annotated[int, Field(gt=0, lt=2**63)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Dollars = Annotated[float, Field(ge=0, le=1e9)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _texts_can_be_written(cls, values: Any) -> Any:
        """Of what a shell gives that is not UTF-8, half surrogates are made."""
        for key, value in values.items() if isinstance(values, Mapping) else ():
            if isinstance(value, str) and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    raise ValueError(f"{key} is not written in UTF-8") from None
        return values


class PriceConfig(_Strict):
    """US dollars per million tokens."""

    prompt: Dollars
    completion: Dollars


class EndpointConfig(_Strict):
    """One of several places where the model is served.

    ``model`` is its name there, if it is another than ``model_name``; the key is in the file ``key_file``,
    else in the variable ``key_env``, else in ``OPENAI_API_KEY``.
    """

    url: str
    model: str | None = None
    key_env: str | None = None
    key_file: Path | None = None
    weight: Annotated[float, Field(gt=0)] = 1.0


class SimulatedConfig(_Strict):
    """How the simulated model behaves (see ``engine.simulated.Behaviour``)."""

    seed: Seed = 0
    error_rate: Share = 0.0
    nonsense_rate: Share = 0.0
    seconds: Seconds = 0.0
    spread: Share = 0.0
    knee: Positive | None = None
    refusal_rate: Share = 0.0
    outage_rate: Share = 0.0
    malformed_rate: Share = 0.0
    most_troubles: Annotated[int, Field(ge=0)] = 3
    admits: Positive | None = None
    retry_after: Seconds = 1.0

    @model_validator(mode="after")
    def _troubles_are_shares_of_one_whole(self) -> Self:
        if self.refusal_rate + self.outage_rate + self.malformed_rate > 1:
            raise ValueError("refusal_rate, outage_rate and malformed_rate together are more than 1")
        return self


class GenerateConfig(_Strict):
    """The keys of a configuration file; the command line's options have the same names.

    ``count`` is the number of accepted dialogues; ``max_attempts`` bounds the tries (three for each plus ten
    if absent).  ``rounds``, ``repairs`` and ``attempts`` bound the work on one dialogue.  ``close_wording``
    keeps refined turns to the coarse turn's own words; by default so for the embedded model only.
    ``endpoints`` are several places with the same model, in the place of ``model``.
    """

    pack: tuple[str, ...] = Field(default_factory=lambda: (*shipped_packs(), *_JOINED))
    model: str = "local"
    model_name: str | None = None
    endpoints: tuple[EndpointConfig, ...] = ()
    simulated: SimulatedConfig = SimulatedConfig()
    key_file: Path | None = None
    price: PriceConfig | None = None
    count: Positive = 10
    max_attempts: Positive | None = None
    seed: Seed = 0
    strategy: Literal["nar", "mas"] = "nar"
    planner: Literal["auto", "model", "walk"] = "auto"
    out: Path = Path("runs/latest")
    resume: bool = False
    max_tokens: Positive | None = None
    max_usd: Annotated[Dollars, Field(gt=0)] | None = None
    max_requests: Positive | None = None
    rpm: Positive | None = None
    tpm: Positive | None = None
    concurrency: Positive | None = None
    injections: tuple[str, ...] = tuple(INJECTIONS)
    rounds: Annotated[int, Field(ge=0, le=20)] = 5
    repairs: Annotated[int, Field(ge=0, le=10)] = 2
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    judge: Literal["auto", "rules", "model"] = "auto"
    close_wording: bool | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    isolation: Literal["strong", "limited", "none"] = "strong"

    @field_validator("pack", "injections", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("pack")
    @classmethod
    def _some_pack(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one pack")
        return value

    @field_validator("injections")
    @classmethod
    def _known_injections(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in INJECTIONS:
                raise ValueError(f"there is no injection {name!r}; there are {', '.join(INJECTIONS)}")
        return value

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        if self.endpoints and self.model != "local":
            raise ValueError("give either model or endpoints, not both")
        return self

    @property
    def is_local(self) -> bool:
        return self.model == "local" and not self.endpoints

    @property
    def is_simulated(self) -> bool:
        return self.model.partition(":")[0] == "simulated"

    @property
    def is_in_process(self) -> bool:
        return not self.endpoints and not self.model.startswith(("http:", "https:", "simulated"))

    @property
    def most_attempts(self) -> int:
        return self.max_attempts or 3 * self.count + 10

    @property
    def keeps_close(self) -> bool:
        return self.is_local if self.close_wording is None else self.close_wording

    @property
    def judged_by(self) -> Literal["rules", "model"]:
        if self.judge == "auto":
            return "rules" if self.keeps_close else "model"
        return self.judge


def load_config(file: Path | None, options: Mapping[str, Any]) -> GenerateConfig:
    """Read a YAML file, if one is given, and lay the command line's options over it.

    Raises ``ConfigError`` that names the file and the key.
    """
    values = {**(_read_yaml(file) if file else {}), **options}
    try:
        config = GenerateConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(GenerateConfig.model_fields)
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = f"there is no such key; there are {known}"
        # A key that the command line gave is named as it was typed there.
        where = f"--{key.replace('_', '-')}" if key.partition(".")[0] in options else f"{file}: {key}"
        where = where if key else str(file or "the options")
        raise ConfigError(f"{where}: {reason[0].lower()}{reason[1:]}") from None
    _reject_unbuilt(config)
    return config


def _reject_unbuilt(config: GenerateConfig) -> None:
    if config.strategy == "mas":
        raise ConfigError("--strategy mas: the simulated baseline is not built yet; use nar")
    if config.planner == "model":
        raise ConfigError("--planner model: planning by a model is not built yet; use walk or auto")


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        values = read_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except (YamlError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{file}: must be a mapping of keys such as pack, model and count")
    return values
