"""The audit's settings from ``[tool.toolace-mt.audit]`` of a pyproject.toml, or from a YAML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sandbox import YamlError, read_yaml
from toolace_mt.auditing.policy import SeverityWord

__all__ = ["AuditSettings", "BadSettingsError", "find_settings", "read_settings"]


_NAMES = ("toolace-mt", "toolace_mt")
_TABLE = "audit"


class BadSettingsError(ValueError):
    """The settings cannot be read; the message names the file and the entry."""


def _not_false(word: Any) -> Any:
    """YAML reads a bare ``off`` as false."""
    return "off" if word is False else word


class AuditSettings(BaseModel):
    """What may stand in the file; the command line wins over it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    format: str | None = None
    env: str | None = None
    isolation: Literal["strong", "limited", "none"] | None = None
    select: list[str] = []
    ignore: list[str] = []
    severity: dict[str, Annotated[SeverityWord, BeforeValidator(_not_false)]] = {}
    baseline: str | None = None
    tools: list[str] = []
    jobs: int | None = Field(default=None, ge=1)
    fail_on: float | None = Field(default=None, ge=0, le=100, alias="fail-on")
    output: Literal["text", "json", "github", "sarif"] | None = None


def find_settings(folder: Path) -> AuditSettings:
    """Read the nearest pyproject.toml that has a table for the audit, from a folder upwards."""
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file() and _table(file) is not None:
            return read_settings(file)
    return AuditSettings()


def read_settings(path: Path) -> AuditSettings:
    """Read a TOML or YAML file; raise BadSettingsError."""
    try:
        if path.suffix == ".toml":
            written: Any = _table(path) or {}
        else:
            written = read_yaml(path.read_text(encoding="utf-8")) or {}
        return AuditSettings.model_validate(written)
    except (OSError, UnicodeDecodeError, YamlError) as error:
        raise BadSettingsError(f"cannot read {path}: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadSettingsError(f"{path}: {where}: {first['msg']}") from None


def _table(path: Path) -> Any:
    try:
        whole: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettingsError(f"cannot read {path}: {error}") from None
    tools = whole.get("tool")
    ours = {} if not isinstance(tools, dict) else {name: tools[name] for name in _NAMES if name in tools}
    for name, table in ours.items():
        for key in table if isinstance(table, dict) else ():
            if (name, key) != (_NAMES[0], _TABLE):
                raise BadSettingsError(
                    f"{path}: nothing reads tool.{name}.{key}; settings of an audit stand in "
                    f"[tool.{_NAMES[0]}.{_TABLE}]"
                )
    table = ours.get(_NAMES[0])
    return table.get(_TABLE) if isinstance(table, dict) else None
