"""Everything that may go wrong outside this program, as the engine sees it.

EngineError
├── ModelError              one request got no usable reply
│   ├── TransientError      may succeed if asked again (429, 5xx, connection lost, time-out)
│   ├── RefusedRequest      this request will never succeed (400, too long, content filter)
│   └── UnusableModel       no request will succeed: wrong key, no such model, nothing listens there
├── BudgetSpent             the run's budget cannot pay for the request
├── UnknownPrice            a money limit was set for a model whose price nobody told
└── JournalError            the journal cannot be read or written; its message says why and what to do
"""

from __future__ import annotations

from engine.types import Usage

__all__ = [
    "BudgetSpent",
    "EngineError",
    "JournalError",
    "ModelError",
    "RefusedRequest",
    "TransientError",
    "UnknownPrice",
    "UnusableModel",
]


class EngineError(Exception):
    """Base of this package's errors; the message names the thing and, if there is one, the remedy."""


class ModelError(EngineError):
    """One request got no usable reply."""


class TransientError(ModelError):
    """The request may succeed later.

    ``retry_after`` is the server's own wish in seconds; ``overload`` tells that the server refused
    because it has too much to do (429), as against an outage.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, overload: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.overload = overload


class RefusedRequest(ModelError):
    """The server will never answer this request; others may succeed.

    ``usage`` is what replies cost that came, and that cannot be used.
    """

    def __init__(self, message: str, *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage


class UnusableModel(ModelError):
    """The server will answer no request at all until the configuration changes."""


class BudgetSpent(EngineError):
    """The budget cannot pledge what this request may cost."""


class UnknownPrice(EngineError):
    """Money cannot be limited, because the model's price is not known."""


class JournalError(EngineError):
    """The journal cannot be opened, read or written."""
