"""Many model calls at once, under budgets, durable.  Knows chat messages; nothing of tools or dialogues.

Import from here.  What needs a heavy library stays in its own module, which whoever composes a program
imports: ``engine.chat.openai_http`` (aiohttp), ``engine.chat.cassette`` (pydantic),
``engine.chat.llama_cpp`` (xllamacpp), ``engine.log`` (structlog), ``engine.testing``.
"""

from engine.budget import Budget, BudgetLimits, BudgetStatistics, Pledge
from engine.canonical import ReplySchema, canonical_json
from engine.chat.base import ChatModel
from engine.chat.client import ChatClient
from engine.chat.digest import request_digest
from engine.chat.journaled import JournaledModel, ReplyBook
from engine.chat.metered import MeteredModel
from engine.chat.retrying import RetryingModel, RetryPolicy
from engine.chat.structured import StructuredModel, Validators
from engine.control import RunControl, RunStatus
from engine.errors import (
    BudgetSpent,
    EngineError,
    JournalError,
    ModelError,
    RefusedRequest,
    TransientError,
    UnknownPrice,
    UnusableModel,
)
from engine.events import (
    BudgetRanShort,
    EndpointRecovered,
    EndpointRested,
    Event,
    EventReader,
    EventStream,
    GateClosed,
    JobEnded,
    JobStarted,
    ReplyReceived,
    RequestFailed,
    RequestRetried,
    RunEnded,
    RunPaused,
    RunStarted,
    RunUnpaused,
    WidthChanged,
)
from engine.gates import Abandoned, Answered, GateOutcome, Gates, GatesStatistics, Lease, Refused
from engine.journal import Journal, open_journal
from engine.journal_files import writer_of
from engine.journal_reader import JobRecord, JournalReader, PurposeTotal, RecordedEvent
from engine.lanes import Lane, LaneStatistics
from engine.limits import (
    FlightStatistics,
    RateStatistics,
    TokenRate,
    TokensInFlight,
)
from engine.own_time import own_seconds
from engine.prices import FREE, LIST_PRICES, Amount, Price, amount_of, price_of
from engine.request_window import RequestWindow, WindowStatistics
from engine.scheduler import Done, Failed, Job, RunSummary, StopReason, run_jobs
from engine.types import ChatMessage, ChatReply, ChatRequest, JsonObject, JsonValue, Usage
from engine.width import AdaptiveWidth, FixedWidth, WidthPolicy

__all__ = [
    "FREE",
    "LIST_PRICES",
    "Abandoned",
    "AdaptiveWidth",
    "Amount",
    "Answered",
    "Budget",
    "BudgetLimits",
    "BudgetRanShort",
    "BudgetSpent",
    "BudgetStatistics",
    "ChatClient",
    "ChatMessage",
    "ChatModel",
    "ChatReply",
    "ChatRequest",
    "Done",
    "EndpointRecovered",
    "EndpointRested",
    "EngineError",
    "Event",
    "EventReader",
    "EventStream",
    "Failed",
    "FixedWidth",
    "FlightStatistics",
    "GateClosed",
    "GateOutcome",
    "Gates",
    "GatesStatistics",
    "Job",
    "JobEnded",
    "JobRecord",
    "JobStarted",
    "Journal",
    "JournalError",
    "JournalReader",
    "JournaledModel",
    "JsonObject",
    "JsonValue",
    "Lane",
    "LaneStatistics",
    "Lease",
    "MeteredModel",
    "ModelError",
    "Pledge",
    "Price",
    "PurposeTotal",
    "RateStatistics",
    "RecordedEvent",
    "Refused",
    "RefusedRequest",
    "ReplyBook",
    "ReplyReceived",
    "ReplySchema",
    "RequestFailed",
    "RequestRetried",
    "RequestWindow",
    "RetryPolicy",
    "RetryingModel",
    "RunControl",
    "RunEnded",
    "RunPaused",
    "RunStarted",
    "RunStatus",
    "RunSummary",
    "RunUnpaused",
    "StopReason",
    "StructuredModel",
    "TokenRate",
    "TokensInFlight",
    "TransientError",
    "UnknownPrice",
    "UnusableModel",
    "Usage",
    "Validators",
    "WidthChanged",
    "WidthPolicy",
    "WindowStatistics",
    "amount_of",
    "canonical_json",
    "open_journal",
    "own_seconds",
    "price_of",
    "request_digest",
    "run_jobs",
    "writer_of",
]
