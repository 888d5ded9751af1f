"""The order of messages and the pairing of calls with results (TA0 and TA1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from toolace_mt.checks.observations import CallSite, Pairing
from toolace_mt.findings import Finding
from toolace_mt.formats.json_text import named_twice
from toolace_mt.transcript import Message, Transcript

__all__ = ["check_calls_parse", "check_structure"]

_RAW_SHOWN = 60
_ENDING_TOOL = re.compile(
    r"(?:^|[_.\-])(?:finish|final|submit|terminate|end|done|complete|transfer|hand_?(?:off|over)|escalate)",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\W*(?:yes|yeah|yep|yup|sure|please|correct|confirm(?:ed)?|go ahead|do it|proceed|absolutely|definitely"
    r"|of course)\b"
    r"(?!.*\b(?:thanks?|thank you|bye|no|that'?s (?:it|all))\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What a user says who was asked, and now waits for what was offered."""
_ASKS_USER = re.compile(
    r"(?:ask|talk|speak|respond|reply)(?:_?to)?_?(?:the_?)?(?:user|human|customer)", re.IGNORECASE
)


def check_calls_parse(sites: tuple[CallSite, ...]) -> Iterator[Finding]:
    """Find calls whose arguments could not be read (TA002)."""
    for (turn, number), call in sites:
        if call.arguments is None:
            shown = (call.raw or "")[:_RAW_SHOWN]
            twice = named_twice(call.raw or "")
            wrong = "are no JSON object" if twice is None else f"have {twice!r} twice"
            yield Finding(
                rule="TA002", message=f"arguments of {call.name} {wrong}: {shown!r}", turn=turn, call=number
            )


def check_structure(transcript: Transcript, pairing: Pairing) -> Iterator[Finding]:
    """Find breaches of role order, pairing and completeness (TA1)."""
    messages = transcript.messages
    if not messages and transcript.tools:
        return  # a list of tools, in which nobody speaks
    yield from _opening(messages, is_reference=transcript.is_reference)
    yield from _results(pairing, messages)
    yield from _reused_ids(pairing.sites)
    yield from _silent_turns(messages)
    if not transcript.is_reference:
        yield from _role_order(messages)
        yield from _unanswered(messages, pairing)
        yield from _ending(messages)


def _opening(messages: tuple[Message, ...], *, is_reference: bool) -> Iterator[Finding]:
    asked = next((turn for turn, message in enumerate(messages) if message.role == "user"), None)
    if asked is None:
        yield Finding(rule="TA101", message="there is no user message", turn=0 if messages else None)
    elif not is_reference and any(message.calls for message in messages[:asked]):
        yield Finding(
            rule="TA101", message="the assistant calls a tool before the user has spoken", turn=asked
        )


def _role_order(messages: tuple[Message, ...]) -> Iterator[Finding]:
    previous: Message | None = None
    before: str | None = None
    for turn, message in enumerate(messages):
        role = message.role
        if role == "system" or (role == before and role != "tool"):  # results are judged by the pairing
            problem = _order_problem(previous, message)
            if problem is not None:
                yield Finding(rule="TA101", message=problem, turn=turn)
        previous, before = message, role


def _order_problem(previous: Message | None, message: Message) -> str | None:
    before = None if previous is None else previous.role
    if message.role == "system":
        return None if before in (None, "system") else f"a system message after a {before} message"
    if previous is None or before != message.role:
        return None
    return "two user messages in a row" if before == "user" else _after_assistant(previous, message)


def _after_assistant(previous: Message, message: Message) -> str | None:
    """The assistant may announce a call, and then make it, in two messages."""
    if previous.role != "assistant" or bool(message.calls) is not bool(previous.calls):
        return None  # what follows a call without its result, the pairing tells
    return "two assistant messages in a row"


def _results(pairing: Pairing, messages: tuple[Message, ...]) -> Iterator[Finding]:
    unanswered = (
        [site for site in pairing.sites if site.where not in pairing.answers] if pairing.stray else []
    )
    for turn in pairing.stray:
        call_id = messages[turn].call_id
        named = "" if call_id is None else f" {call_id!r}"
        late = call_id is not None and any(site.call.id == call_id for site in unanswered)
        wrong = "comes after the dialogue went on without it" if late else "answers no open call"
        yield Finding(rule="TA102", message=f"the result{named} {wrong}", turn=turn)
    for turn, site in pairing.misnamed:
        yield Finding(
            rule="TA105",
            message=f"the result is named {messages[turn].name!r} and answers a call of {site.call.name!r}",
            turn=turn,
        )


def _unanswered(messages: tuple[Message, ...], pairing: Pairing) -> Iterator[Finding]:
    last = len(messages) - 1
    for site in pairing.sites:
        if site.where in pairing.answers or site.turn == last:
            continue  # the calls that end a record wait for results that were cut off
        if messages[site.turn + 1].role == "user" and _ASKS_USER.match(site.call.name):
            continue  # what the user says next is the result
        yield Finding(
            rule="TA103",
            message=f"the call of {site.call.name} has no result",
            turn=site.turn,
            call=site.number,
        )


def _reused_ids(sites: tuple[CallSite, ...]) -> Iterator[Finding]:
    ids = [site.call.id for site in sites]
    if len(set(ids)) == len(ids):
        return
    seen: Counter[str] = Counter()
    for (turn, number), call in sites:
        if call.id is None:
            continue
        seen[call.id] += 1
        if seen[call.id] == 2:
            yield Finding(
                rule="TA104", message=f"the call id {call.id!r} was used before", turn=turn, call=number
            )


def _silent_turns(messages: tuple[Message, ...]) -> Iterator[Finding]:
    for turn, message in enumerate(messages):
        role = message.role
        if message.calls or (role != "user" and role != "assistant"):
            continue
        if not message.text or message.text.isspace():
            yield Finding(rule="TA107", message=f"the {role} says nothing", turn=turn)


def _ending(messages: tuple[Message, ...]) -> Iterator[Finding]:
    if not messages or (messages[-1].role == "assistant" and not messages[-1].calls):
        return
    if not _is_closed(messages):
        yield Finding(
            rule="TA106",
            message=f"the dialogue ends with a {_describe(messages[-1])}",
            turn=len(messages) - 1,
        )


def _is_closed(messages: tuple[Message, ...]) -> bool:
    """Tell whether nothing is left to say: the user takes leave, a tool ends the dialogue, or the record is
    one request and the call that answers it."""
    last = messages[-1]
    if last.role == "user":
        asks = "?" in (last.text or "")
        before = messages[-2] if len(messages) > 1 else last
        if asks or before.role != "assistant" or before.calls:
            return False
        return not (before.text or "").rstrip().endswith("?") or _AGREES.match(last.text or "") is None
    calling = next((message for message in reversed(messages) if message.calls), None)
    if calling is not None and any(_ENDING_TOOL.search(call.name) for call in calling.calls):
        return True
    return bool(last.calls) and not any(message.role == "tool" for message in messages)


def _describe(message: Message) -> str:
    return "call" if message.calls else f"{message.role} message"
