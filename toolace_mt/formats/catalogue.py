"""Lists of tools without dialogues: schema files, tool lists of MCP servers, function documents."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.any_key import holds_turns
from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.exchanges import ANSWERS
from toolace_mt.formats.tools import looks_like_tool, read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, Place, Transcript

__all__ = ["DIALOGUE_KEYS", "CatalogueFormat", "is_catalogue", "listed_tools"]

_NATIVE_MARKS = ("input_parameters", "api_name", "query_parameters", "output_parameters", "api_description")
_SAID = (*ANSWERS, "prompt", "task", "user_input", "text")
DIALOGUE_KEYS = (
    "messages",
    "conversations",
    "conversation",
    "query",
    "question",
    "input",
    "traj",
    "instruction",
)


def is_catalogue(value: JsonValue) -> bool:
    """Tell whether a record declares tools and holds no dialogue."""
    return _tool_values(value) is not None


def _tool_values(value: JsonValue) -> JsonValue:
    if not isinstance(value, Mapping) or any(key in value for key in DIALOGUE_KEYS) or holds_turns(value):
        return None
    if looks_like_tool(value):
        return [value]
    if any(isinstance(value.get(key), str) for key in _SAID):
        return None
    for holder in (value, *_servers(value)):
        listed = holder.get("tools")
        if isinstance(listed, list) and listed and all(looks_like_tool(entry) for entry in listed):
            return listed
    if len(value) > 0 and all(_is_described(entry) for entry in value.values()):
        return [{"name": name, **entry} for name, entry in value.items() if isinstance(entry, Mapping)]
    return None


def _servers(value: JsonObject) -> list[JsonObject]:
    """What was asked of an MCP server, and what its page says."""
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping):
        return []
    found = (metadata.get("remote_server_response"), metadata.get("server_info_crawled"))
    return [server for server in found if isinstance(server, Mapping)]


def _is_described(entry: JsonValue) -> bool:
    return (
        isinstance(entry, Mapping)
        and "description" in entry
        and (
            isinstance(entry.get("parameters"), Mapping) or isinstance(entry.get("input_parameters"), Mapping)
        )
    )


def listed_tools(value: JsonValue) -> tuple[DeclaredTool, ...]:
    """Give the tools of a catalogue record."""
    found = _tool_values(value)
    if not isinstance(found, list):
        raise UnreadableRecordError("the record declares no tools")
    native = any(key in entry for entry in found if isinstance(entry, Mapping) for key in _NATIVE_MARKS)
    return read_tools(found, native=native) or ()


class CatalogueFormat:
    """Reads a record that declares tools as a transcript in which nobody says anything."""

    name = "tools"

    def detect(self, sample: JsonValue) -> bool:
        return is_catalogue(sample)

    def read(self, record: JsonValue, place: Place) -> Transcript:
        return Transcript(
            id=identity(record, place), messages=(), tools=listed_tools(record), place=place,
            is_reference=True,
        )  # fmt: skip
