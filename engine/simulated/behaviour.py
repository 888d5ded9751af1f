"""How a simulated server behaves: its latency, and what goes wrong how often, all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from enum import StrEnum

__all__ = ["Behaviour", "Trouble"]


class Trouble(StrEnum):
    """What a request meets before it is answered."""

    NONE = "none"
    REFUSAL = "refusal"
    OUTAGE = "outage"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The numbers of a simulated server.

    ``seed``, ``error_rate`` (replies that do not fit their schema) and ``nonsense_rate`` (replies that fit
    and mean nothing) decide what is answered, and so are part of the model's name.  The rest decides how: an
    answer takes ``seconds``, give or take the share ``spread``, and beyond ``knee`` requests in flight longer
    in proportion.  ``refusal_rate`` (429), ``outage_rate`` (503) and ``malformed_rate`` (a body that is no
    completion) are shares of what is asked; a request that goes on being asked is answered after
    ``most_troubles`` of them.  Beyond ``admits`` in flight the answer is 429 with ``Retry-After``.
    """

    seed: int = 0
    error_rate: float = 0.0
    nonsense_rate: float = 0.0
    seconds: float = 0.0
    spread: float = 0.0
    knee: int | None = None
    refusal_rate: float = 0.0
    outage_rate: float = 0.0
    malformed_rate: float = 0.0
    most_troubles: int = 3
    admits: int | None = None
    retry_after: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            is_share = field.name.endswith("_rate") or field.name == "spread"
            if is_share and not 0.0 <= value <= 1.0:
                raise ValueError(f"{field.name} is a share between 0 and 1, not {value}")
        if self.refusal_rate + self.outage_rate + self.malformed_rate > 1.0:
            raise ValueError("refusals, outages and malformed answers together are more than all requests")

    def trouble(self, digest: str, attempt: int) -> Trouble:
        """Decide what the ``attempt``-th asking (from 0) of a request meets."""
        if attempt >= self.most_troubles:
            return Trouble.NONE
        draw = random.Random(f"{self.seed} trouble {digest} {attempt}").random()
        for trouble, rate in (
            (Trouble.REFUSAL, self.refusal_rate),
            (Trouble.OUTAGE, self.outage_rate),
            (Trouble.MALFORMED, self.malformed_rate),
        ):
            if draw < rate:
                return trouble
            draw -= rate
        return Trouble.NONE

    def latency(self, digest: str, in_flight: int) -> float:
        """Give the seconds that an answer takes when so many are in flight, itself included."""
        if not self.seconds:
            return 0.0
        draw = random.Random(f"{self.seed} latency {digest}").uniform(-1.0, 1.0) if self.spread else 0.0
        crowd = 1.0 if self.knee is None else max(1.0, in_flight / self.knee)
        return self.seconds * (1.0 + self.spread * draw) * crowd
