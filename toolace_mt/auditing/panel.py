"""Asks the experts (TA8) about dialogues: many at once, under a budget, each answer kept in a journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from engine import BudgetSpent, ChatClient, ChatModel, ChatRequest, RefusedRequest, TransientError
from toolace_mt.auditing.batch import Judged
from toolace_mt.auditing.gaps import Gap
from toolace_mt.auditing.report import Verdict
from toolace_mt.checks.experts import Expert, Opinion, Written, decide, is_settled, write_dialogue
from toolace_mt.findings import Finding
from toolace_mt.together import all_of

__all__ = ["Panel"]

_REPLY_TOKENS = 200
_TEMPERATURE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    finding: Finding | None = None
    gap: Gap | None = None


class Panel:
    """The chosen experts and the model that speaks for them; ``asks`` answers decide by majority."""

    def __init__(self, client: ChatClient, experts: Sequence[Expert], *, asks: int) -> None:
        self._client = client
        self._experts = tuple(experts)
        self._asks = asks
        self._order = 0

    @property
    def name(self) -> str:
        return self._client.name

    async def review(
        self, judged: Sequence[Sequence[Judged]], verdicts: Sequence[Sequence[Verdict]]
    ) -> list[list[Verdict]]:
        """Add to the verdicts of a batch what the experts say; the dialogues are asked about at once.

        Raise UnusableModel or JournalError.  A spent budget or a reply that is no answer is a gap.
        """
        pairs = [pair for parts in zip(judged, verdicts, strict=True) for pair in zip(*parts, strict=True)]
        reviewed = iter(await all_of([partial(self._verdict, *pair) for pair in pairs]))
        return [[next(reviewed) for _ in record] for record in verdicts]

    async def _verdict(self, part: Judged, verdict: Verdict) -> Verdict:
        if part.transcript is None:
            return verdict
        written = None if part.transcript.is_reference else write_dialogue(part.transcript)
        if written is None:
            return _with(verdict, [_Review(gap=Gap.EXPERT_UNFIT)])
        self._order += 1
        model = self._client.for_job(self._order)
        calls = [
            partial(self._ask, model, expert, written)
            for expert in self._experts
            if expert.applies(part.transcript)
        ]
        return _with(verdict, await all_of(calls))

    async def _ask(self, model: ChatModel, expert: Expert, written: Written) -> _Review:
        opinions: list[Opinion | None] = []
        try:
            while len(opinions) < self._asks and not is_settled(opinions, self._asks):
                opinions.append(await _opinion(model, expert, written, number=len(opinions)))
        except BudgetSpent:
            return _Review(gap=Gap.EXPERT_UNPAID)
        except TransientError:
            return _Review(gap=Gap.EXPERT_UNSURE)
        if not is_settled(opinions, self._asks):
            return _Review(gap=Gap.EXPERT_UNSURE)
        return _Review(finding=decide(expert, opinions, self._asks, turns=written.turns))


async def _opinion(model: ChatModel, expert: Expert, written: Written, *, number: int) -> Opinion | None:
    problem_first = number % 2 == 1
    request = ChatRequest(
        purpose=f"expert.{expert.name}",
        messages=expert.messages(written, problem_first=problem_first),
        max_tokens=_REPLY_TOKENS,
        temperature=_TEMPERATURE,
        seed=number,
        schema=expert.schema(problem_first=problem_first),
    )
    try:
        return Opinion.read((await model.complete(request)).text)
    except RefusedRequest:
        return None


def _with(verdict: Verdict, reviews: Sequence[_Review]) -> Verdict:
    findings = tuple(review.finding for review in reviews if review.finding is not None)
    gaps = Counter(review.gap for review in reviews if review.gap is not None)
    if Gap.EXPERT_UNPAID in gaps:
        gaps[Gap.EXPERT_UNPAID] = 1
    if not findings and not gaps:
        return verdict
    return verdict._replace(findings=verdict.findings + findings, gaps={**verdict.gaps, **gaps})
