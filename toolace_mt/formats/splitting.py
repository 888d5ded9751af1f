"""Records that hold several dialogues, and files that are one dialogue line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.api_bank import is_api_bank_turn
from toolace_mt.formats.containers import MAX_RECORD_BYTES, RawRecord, parse_record
from toolace_mt.formats.exchanges import unwrapped_exchanges
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.formats.preferences import chosen_dialogue
from toolace_mt.formats.tau2 import split_results
from toolace_mt.formats.toolalpaca import split_instructions
from toolace_mt.transcript import JsonValue

__all__ = ["joined_records", "split_record"]

_CONTENT = ("content", "tool_calls", "function_call")


def split_record(value: JsonValue) -> Sequence[JsonValue]:
    """Give the record's dialogues; most records are one."""
    for split in (split_results, split_instructions, chosen_dialogue, unwrapped_exchanges):
        pieces = split(value)
        if pieces is not None:
            return pieces
    return (value,)


def joined_records(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    """Give the records; those of a file whose items are single messages come as one."""
    first = next(records, None)
    if first is None:
        return
    if not _is_message(first):
        yield first
        yield from records
        return
    parts, size = [first.text], len(first.text)
    for record in records:
        size += len(record.text)
        if record.reason is not None or size > MAX_RECORD_BYTES:
            reason = record.reason or f"the dialogue is longer than {MAX_RECORD_BYTES} bytes"
            yield RawRecord(number=0, text=b"", reason=f"message {record.number}: {reason}")
            return
        parts.append(record.text)
    yield RawRecord(number=0, text=b"[" + b",".join(parts) + b"]")


def _is_message(record: RawRecord) -> bool:
    if record.reason is not None or b'"role"' not in record.text[:2000]:
        return False
    try:
        value = parse_record(record)
    except NotJsonError:
        return False
    if not isinstance(value, Mapping) or "messages" in value:
        return False
    return is_api_bank_turn(value) or (
        isinstance(value.get("role"), str) and any(key in value for key in _CONTENT)
    )
