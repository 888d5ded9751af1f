"""The multi-turn entries of the Berkeley Function Calling Leaderboard, over the classes of ``bfcl-eval``.

The classes are somebody else's trusted code and no part of this project; only a worker process imports them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import orjson

from sandbox.errors import EnvironmentUnusable
from sandbox.trusted.toolkit import Toolkit

__all__ = ["MODULES", "BfclFactory", "open_entry"]

_REMEDY = 'it needs bfcl-eval: pip install --no-deps bfcl-eval "mpmath==1.3.0"'
_CODE = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
MODULES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
}
_STATELESS = frozenset({"MathAPI"})


class BfclFactory:
    """Makes an entry's objects by class name.

    The record holds ``id`` and, unless the entry of that id is meant as it was published, also
    ``initial_config`` and ``involved_classes``.
    """

    def prepare(self) -> None:
        """Raise ``EnvironmentUnusable`` if a class cannot be imported."""
        for kind in MODULES:
            _class_named(kind)

    def __call__(self, record: Mapping[str, Any]) -> Toolkit:
        """Make the objects of one record."""
        return _open_entry(record)


open_entry = BfclFactory()


def _open_entry(record: Mapping[str, Any]) -> Toolkit:
    entry = record if "involved_classes" in record else _published(record)
    long_context = "long_context" in str(record.get("id", "")).rpartition("_")[0]
    config = entry.get("initial_config", {})
    made = {
        name: _object(name, config, long_context=long_context)
        for name in dict.fromkeys(entry["involved_classes"])
    }
    return Toolkit(made, otherwise=_as_they_write)


def _as_they_write(value: Any) -> Any:
    """Give a result that JSON cannot hold as their executor does: in Python's words."""
    try:
        return json.loads(json.dumps(value)) if isinstance(value, dict) else str(value)
    except (TypeError, ValueError):
        return str(value)


def _object(name: str, config: Mapping[str, Any], *, long_context: bool) -> Any:
    made = _class_named(name)()
    if name not in _STATELESS:
        made._load_scenario(config.get(name, {}), long_context=long_context)
    return made


@cache
def _class_named(name: str) -> type[Any]:
    if name not in MODULES:
        raise EnvironmentUnusable(f"bfcl has no class {name!r}; it has {', '.join(MODULES)}")
    found: type[Any] = getattr(_imported(f"{_CODE}.{MODULES[name]}"), name)
    # Their executor tells the model of every exception, so all of them are declared.
    return type(name, (found,), {"tool_errors": (Exception,), "__module__": found.__module__})


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise EnvironmentUnusable(f"bfcl: no module {error.name}; {_REMEDY}") from None


def _published(record: Mapping[str, Any]) -> dict[str, Any]:
    from sandbox.trusted.bfcl_entries import published  # most records are whole

    written = published().get(str(record.get("id")))
    if written is None:
        raise EnvironmentUnusable(
            f"{str(record.get('id'))!r} is the id of no multi-turn entry, and it has no involved_classes"
        )
    entry: dict[str, Any] = orjson.loads(written)  # anew each time: the objects change what they are given
    return entry
