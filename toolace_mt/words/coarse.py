"""What the user says to open a sub-task, put together from the plan in plain words."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

from toolace_mt.draft import Part, SlotKind
from toolace_mt.phrases import Phrase, label, say, sentence, sentences_of, slots_of, tell
from toolace_mt.plan import Said, SubTask
from toolace_mt.transcript import JsonValue

__all__ = ["answer_with", "correction_with", "failure_about", "question_about", "report_of", "request_for"]

_OPENERS: Final = (
    ("I want to ", "."),
    ("I'd like to ", "."),
    ("I need to ", "."),
    ("Could you ", "?"),
    ("Can you ", "?"),
    ("Please ", "."),
)
_CORRECTIONS: Final = (
    "Sorry, I mixed that up,",
    "Oh, that was my mistake,",
    "Sorry, that was wrong,",
    "I got that wrong,",
)
_FAILURES: Final = ("I could not do that.", "That did not work.", "I was not able to do that.")
_POINTER: Final = re.compile(r"\b(?:it|its|they|them|their|there|I mean)\b", re.IGNORECASE)
_LATER_OPENERS: Final = (*_OPENERS, ("I also want to ", "."), ("Next, please ", "."))


def request_for(
    task: SubTask,
    chance: random.Random,
    *,
    first: bool,
    without: Said | None = None,
    instead: tuple[Said, JsonValue] | None = None,
) -> tuple[Part, ...]:
    """Word a sub-task's opening message in parts; together they hold every value that the user tells.

    ``without`` is what the user leaves out of ``task.said``; ``instead`` is one of these with another value.
    """
    arguments = dict(task.calls[-1].arguments)
    ask = _ask(task, chance, without)
    # Two tools of a chain may call different things by one name, and the phrase is about the last call's.
    slots = slots_of(ask)
    covered = [said for said in task.said if said.parameter in slots and _is_of_goal(said, task)]
    if instead is not None and _is_of_goal(instead[0], task):
        arguments[instead[0].parameter] = instead[1]
    opener, end = chance.choice(_OPENERS if first else _LATER_OPENERS)
    wish = say(ask, arguments)
    wish = Phrase(f"{opener}{wish.text}{end}", wish.facts)
    clauses = [
        _clause(said, instead[1] if instead is not None and said == instead[0] else said.value)
        for said in task.said
        if said != without and said not in covered
    ]
    meant = [choice.phrase.text for choice in task.choices]
    choices = [Phrase(f"I mean {' and '.join(meant)}.", tuple(meant))] if meant else []
    main = Part(SlotKind.REQUEST, wish)
    chosen = [Part(SlotKind.DETAIL, phrase) for phrase in choices]
    told = [Part(SlotKind.DETAIL, phrase) for phrase in _paired(clauses, chance)]
    if told and first and chance.random() < 0.3 and not any(_points_back(clause) for clause in clauses):
        return (*told, main, *chosen)
    return (main, *chosen, *told)


def _points_back(clause: Phrase) -> bool:
    """Tell whether it speaks of a thing that is named before it: "it should go to Rome"."""
    return _POINTER.search(clause.text) is not None


def _is_of_goal(said: Said, task: SubTask) -> bool:
    arguments = task.calls[-1].arguments
    return said.parameter in arguments and arguments[said.parameter] == said.value


def _paired(clauses: Sequence[Phrase], chance: random.Random) -> Iterator[Phrase]:
    """Some neighbouring clauses as one sentence: "I leave from Oslo and I am going to Rome."."""
    waiting = list(clauses)
    while waiting:
        first = waiting.pop(0)
        if waiting and chance.random() < 0.6:
            second = waiting.pop(0)
            first = Phrase(f"{first.text} and {second.text}", (*first.facts, *second.facts))
        yield sentence(first)


def _ask(task: SubTask, chance: random.Random, without: Said | None) -> str:
    missing = {without.parameter} if without is not None and _is_of_goal(without, task) else set[str]()
    fitting = [ask for ask in task.asks if missing.isdisjoint(slots_of(ask))]
    if fitting:
        return chance.choice(fitting)
    plain = task.description.split(". ")[0].strip().rstrip(".")
    return (plain[:1].lower() + plain[1:]).replace("{", "(").replace("}", ")")


def _clause(said: Said, value: JsonValue) -> Phrase:
    return say(said.clause, value)


def question_about(said: Said) -> Phrase:
    """The assistant asks for one value; the words are taken from the clause that would have told it."""
    if said.question is not None:
        return Phrase(said.question)
    named = re.match(r"(my|the) ([a-z' ]+?) (is|are|should be|must be) \{", said.clause)
    if named is None:
        return Phrase(f"What is the {label(said.parameter).removesuffix(' cents')}?")
    verb = "are" if named[3] == "are" else "is"
    return Phrase(f"What {verb} {'your' if named[1] == 'my' else 'the'} {named[2]}?")


def answer_with(said: Said) -> Phrase:
    """The user gives one value."""
    return sentence(_clause(said, said.value))


def correction_with(said: Said, chance: random.Random) -> Phrase:
    """The user takes back what they said and gives the right value."""
    clause = _clause(said, said.value)
    return sentence(Phrase(f"{chance.choice(_CORRECTIONS)} {clause.text}", clause.facts))


def failure_about(reason: str, named: tuple[str, ...], chance: random.Random) -> Phrase:
    """The assistant says that a call failed and why; ``named`` are the values that the reason may name."""
    why = sentence(Phrase(reason, named))
    figures = tuple(re.findall(r"[$/]?\w[\w@./:-]*\d(?:[\w@./:-]*\w)?|[$]?\d+(?:\.\d+)?", reason))
    facts = tuple(dict.fromkeys(fact for fact in (*named, *figures) if fact and fact in why.text))
    return Phrase(f"{chance.choice(_FAILURES)} {why.text}", facts)


def report_of(task: SubTask, result: JsonValue) -> tuple[Part, ...]:
    """The assistant tells what the goal's call gave, a part a sentence."""
    told = tell(task.tell, result, task.calls[-1].arguments)
    return tuple(Part(SlotKind.REPORT, phrase) for phrase in sentences_of(told))
