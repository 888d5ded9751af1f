"""Tools at arm's length: runs untrusted mock tools on JSON worlds, confined, bounded and deterministic.

The front door.  Everything here is imported on first use, for worker processes import this package too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.errors import (
        EnvironmentUnusable,
        ImportFailed,
        IsolationError,
        PackError,
        PolicyViolation,
        SandboxError,
        ServingFailed,
        UnknownWorld,
    )
    from sandbox.importers.packing import ImportedPack
    from sandbox.importers.sources import import_pack
    from sandbox.isolation import Isolation, IsolationLevel
    from sandbox.packs.joining import JOINING_SIGN, join_packs
    from sandbox.packs.manifest import YamlError, read_yaml
    from sandbox.packs.pins import pinned_digests
    from sandbox.packs.reading import Invariant, Pack, Task, ToolSpec, pack_folder, shipped_packs
    from sandbox.properties import (
        PROPERTIES,
        CounterExample,
        Judgement,
        PackFinding,
        PackReport,
        check_pack,
        judge_examples,
    )
    from sandbox.runtime import ProcessRuntime, Runtime, open_runtime, run
    from sandbox.schema import SchemaProblem, Validator, compile_schema, lint_schema
    from sandbox.schema_errors import Reach, errors_of, reach_of
    from sandbox.serving import serve_http, serve_stdio
    from sandbox.session import OpenedPack, Session, open_pack
    from sandbox.state.world import Change, canonical, describe_changes, diff_states, state_digest
    from sandbox.trusted.runtime import (
        SHIPPED_ENVIRONMENTS,
        TrustedRuntime,
        environment_source,
        open_trusted,
    )
    from sandbox.trusted.types import (
        StateReading,
        TrustedExecution,
        TrustedTrajectory,
        TurnExecution,
        Unopened,
        WrittenRecord,
    )
    from sandbox.types import (
        Call,
        Execution,
        Fault,
        FaultKind,
        JsonObject,
        JsonValue,
        Outcome,
        Outcomes,
        PlannedFault,
        Returned,
        Snapshot,
        Step,
        Trajectory,
    )

__all__ = [
    "JOINING_SIGN",
    "PROPERTIES",
    "SHIPPED_ENVIRONMENTS",
    "Call",
    "Change",
    "CounterExample",
    "EnvironmentUnusable",
    "Execution",
    "Fault",
    "FaultKind",
    "ImportFailed",
    "ImportedPack",
    "Invariant",
    "Isolation",
    "IsolationError",
    "IsolationLevel",
    "JsonObject",
    "JsonValue",
    "Judgement",
    "OpenedPack",
    "Outcome",
    "Outcomes",
    "Pack",
    "PackError",
    "PackFinding",
    "PackReport",
    "PlannedFault",
    "PolicyViolation",
    "ProcessRuntime",
    "Reach",
    "Returned",
    "Runtime",
    "SandboxError",
    "SchemaProblem",
    "ServingFailed",
    "Session",
    "Snapshot",
    "StateReading",
    "Step",
    "Task",
    "ToolSpec",
    "Trajectory",
    "TrustedExecution",
    "TrustedRuntime",
    "TrustedTrajectory",
    "TurnExecution",
    "UnknownWorld",
    "Unopened",
    "Validator",
    "WrittenRecord",
    "YamlError",
    "canonical",
    "check_pack",
    "compile_schema",
    "describe_changes",
    "diff_states",
    "environment_source",
    "errors_of",
    "import_pack",
    "join_packs",
    "judge_examples",
    "lint_schema",
    "open_pack",
    "open_runtime",
    "open_trusted",
    "pack_folder",
    "pinned_digests",
    "reach_of",
    "read_yaml",
    "run",
    "serve_http",
    "serve_stdio",
    "shipped_packs",
    "state_digest",
]

_HOMES = {
    "isolation": ("Isolation", "IsolationLevel"),
    "errors": (
        "EnvironmentUnusable",
        "ImportFailed",
        "IsolationError",
        "PackError",
        "PolicyViolation",
        "SandboxError",
        "ServingFailed",
        "UnknownWorld",
    ),
    "importers.packing": ("ImportedPack",),
    "importers.sources": ("import_pack",),
    "packs.reading": ("Invariant", "Pack", "Task", "ToolSpec", "pack_folder", "shipped_packs"),
    "packs.manifest": ("YamlError", "read_yaml"),
    "packs.joining": ("JOINING_SIGN", "join_packs"),
    "packs.pins": ("pinned_digests",),
    "properties": (
        "PROPERTIES",
        "CounterExample",
        "Judgement",
        "PackFinding",
        "PackReport",
        "check_pack",
        "judge_examples",
    ),
    "runtime": ("ProcessRuntime", "Runtime", "open_runtime", "run"),
    "schema_errors": ("Reach", "errors_of", "reach_of"),
    "schema": ("SchemaProblem", "Validator", "compile_schema", "lint_schema"),
    "session": ("OpenedPack", "Session", "open_pack"),
    "serving": ("serve_http", "serve_stdio"),
    "trusted.runtime": ("SHIPPED_ENVIRONMENTS", "TrustedRuntime", "environment_source", "open_trusted"),
    "trusted.types": (
        "StateReading",
        "TrustedExecution",
        "TrustedTrajectory",
        "TurnExecution",
        "Unopened",
        "WrittenRecord",
    ),
    "types": (
        "Call",
        "Execution",
        "Fault",
        "FaultKind",
        "JsonObject",
        "JsonValue",
        "Outcome",
        "Outcomes",
        "PlannedFault",
        "Returned",
        "Snapshot",
        "Step",
        "Trajectory",
    ),
    "state.world": ("Change", "canonical", "describe_changes", "diff_states", "state_digest"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'sandbox' has no attribute {name!r}")
    value = getattr(import_module(f"sandbox.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
