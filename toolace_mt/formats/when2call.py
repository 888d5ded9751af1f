"""When2Call: a question, tools as JSON texts, and the right one of four kinds of answer."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import calls_of
from toolace_mt.formats.references import reference
from toolace_mt.formats.tools import read_tools
from toolace_mt.transcript import JsonValue, Message, Place, Transcript

__all__ = ["When2CallFormat"]


class When2CallFormat:
    """Reads the question and the answer that is marked correct; often that is not to call at all."""

    name = "when2call"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and {"question", "correct_answer", "answers"} <= sample.keys()

    def read(self, record: JsonValue, place: Place) -> Transcript:
        answers = record.get("answers") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(answers, Mapping):
            raise UnreadableRecordError("the record has no answers")
        kind = str(record.get("correct_answer"))
        answer = answers.get(kind)
        if kind == "tool_call":
            message = Message(role="assistant", calls=calls_of(answer, "the record"))
        else:
            message = Message(role="assistant", text=answer if isinstance(answer, str) else "")
        tools = read_tools(record.get("tools"), native=True)
        return reference(record.get("question"), (message,), record, place, tools)
