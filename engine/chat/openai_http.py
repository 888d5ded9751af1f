"""Any server that speaks OpenAI's chat completions, over aiohttp."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from engine.chat.openai_wire import (
    Omission,
    chat_url,
    error_for,
    lessons,
    malformed_answer,
    reply_from,
    request_body,
)
from engine.errors import ModelError, RefusedRequest, TransientError, UnusableModel
from engine.types import ChatReply, ChatRequest

__all__ = ["ApiKey", "OpenAIModel", "open_openai"]

_KEY_VARIABLE = "OPENAI_API_KEY"
_FIRST_REQUESTS = 10
_MOST_BYTES = 8 << 20
_HIDDEN = "[key]"
# Servers that need no key are given words like "none", which may stand in any message, and "lm-studio", which
# a reply may hold.
_SHORTEST_SECRET = 8
_SHORTEST_IN_REPLIES = 16


class ApiKey:
    """A secret that does not show itself when it is printed, logged or part of an error."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret.strip()

    @classmethod
    def find(
        cls, environment: Mapping[str, str], file: Path | None = None, *, variable: str = _KEY_VARIABLE
    ) -> ApiKey | None:
        """Take the key from the file if one is named, else from the variable; None if there is none."""
        if file is None:
            secret = environment.get(variable, "")
            return cls(secret) if secret.strip() else None
        try:
            secret = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise UnusableModel(f"cannot read the key file {file}: check its name and mode") from None
        if not secret.strip():
            raise UnusableModel(f"the key file {file} is empty")
        return cls(secret)

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def header(self) -> Mapping[str, str]:
        if not self._secret.isascii() or not self._secret.isprintable():
            raise UnusableModel(
                "the key holds characters that no key has: check OPENAI_API_KEY or the key file"
            )
        return {"Authorization": f"Bearer {self._secret}"}

    def hide_in(self, body: bytes) -> bytes:
        """Give the body of a complaint without the secret, which servers repeat there."""
        return body.replace(self._secret.encode(), _HIDDEN.encode()) if self._is_secret else body

    def hide(self, text: str) -> str:
        """Give a message without the secret."""
        return text.replace(self._secret, _HIDDEN) if self._is_secret else text

    def hide_in_reply(self, reply: ChatReply) -> ChatReply:
        """Give the reply without the secret; a key that may be an ordinary word is left in it."""
        if len(self._secret) < _SHORTEST_IN_REPLIES or self._secret not in reply.text:
            return reply
        return replace(reply, text=self.hide(reply.text))

    @property
    def _is_secret(self) -> bool:
        return len(self._secret) >= _SHORTEST_SECRET


class OpenAIModel:
    """One model behind one endpoint; open it with ``open_openai``.

    The server's dialect is learned as it complains: what it does not understand (a ``response_format``, a
    ``seed``) is left out from then on.  A schema that it cannot enforce is written into the prompt.
    One that serves none of the first requests is unusable, whatever it gives as its reason.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        model: str,
        *,
        key: ApiKey | None,
        name: str,
        headers: Callable[[ChatRequest], Mapping[str, str]] | None = None,
    ) -> None:
        self._session = session
        self._url = url
        self._model = model
        self._key = key
        self._name = name
        self._headers = headers
        self._server = urlsplit(url).netloc.rpartition("@")[2]
        self._omit: frozenset[Omission] = frozenset()
        self._has_answered = False
        self._unserved: int | None = 0  # None once a request was served

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        more = None if self._headers is None else self._headers(request)
        while True:
            omit = self._omit
            status, headers, body = await self._post(request_body(request, self._model, omit), more)
            if 200 <= status < 300:
                return self._read(body, request)
            learned = lessons(status, body, omit)
            if not learned:
                raise self._error(status, headers, body)
            self._omit |= learned  # what was left out is never put back, so this ends

    async def _post(
        self, body: bytes, headers: Mapping[str, str] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                answer = await _bounded(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._connection_error(error) from None  # its request info holds the key
        self._has_answered = True
        if answer is None:
            raise self._unless_at_first(
                RefusedRequest(f"{self._server} sent an answer of more than {_MOST_BYTES:,} bytes")
            )
        return response.status, response.headers, answer

    def _read(self, body: bytes, request: ChatRequest) -> ChatReply:
        try:
            reply = reply_from(body, request, self._model)
        except TransientError:
            error = malformed_answer(self._bare(body), self._model)
            raise self._unless_at_first(self._bared(error)) from None
        self._unserved = None
        return reply if self._key is None else self._key.hide_in_reply(reply)

    def _error(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        error = error_for(status, headers, self._bare(body), server=self._server, model=self._model)
        self._bared(error)
        return self._unless_at_first(error) if isinstance(error, RefusedRequest) else error

    def _bare(self, body: bytes) -> bytes:
        return body if self._key is None else self._key.hide_in(body)

    def _bared(self, error: ModelError) -> ModelError:
        """Take out of the message what stood escaped in the body, or in a header."""
        if self._key is not None:
            error.args = (self._key.hide(str(error)),)
        return error

    def _unless_at_first(self, error: ModelError) -> ModelError:
        if self._unserved is None:
            return error
        self._unserved += 1
        if self._unserved < _FIRST_REQUESTS:
            return error
        return UnusableModel(f"{error}; {self._server} served none of the first {self._unserved} requests")

    def _connection_error(self, error: Exception) -> ModelError:
        """Translate what went wrong before an answer came."""
        server = self._server
        match error:
            case aiohttp.ClientConnectorCertificateError():
                reason = getattr(error.certificate_error, "verify_message", type(error).__name__)
                return UnusableModel(f"{server} cannot be trusted ({reason}): check its certificate")
            case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
                return UnusableModel(
                    f"{server} cannot be trusted ({type(error).__name__}): check its certificate"
                )
            case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
                return UnusableModel(f"{server} is not an address that can be asked: check --model")
            case aiohttp.ClientHttpProxyError():
                return UnusableModel(
                    f"the proxy refused the way to {server} ({error.status}): check the proxy"
                )
            case aiohttp.ClientConnectorError() if not self._has_answered:
                return UnusableModel(
                    f"nothing answers at {server} ({error.strerror or type(error).__name__}): "
                    "start the server or check --model"
                )
            case aiohttp.ConnectionTimeoutError() if not self._has_answered:
                return UnusableModel(
                    f"nothing answers at {server} in time: start the server or check --model"
                )
            case TimeoutError():
                return TransientError(f"{server} did not answer in time")
            case _:
                return TransientError(f"the connection to {server} was lost ({type(error).__name__})")


@asynccontextmanager
async def open_openai(
    base_url: str,
    model: str,
    *,
    key: ApiKey | None = None,
    name: str | None = None,
    headers: Callable[[ChatRequest], Mapping[str, str]] | None = None,
    timeout_seconds: float = 300.0,
    connect_seconds: float = 20.0,
) -> AsyncGenerator[OpenAIModel, None]:
    """Open a model at an endpoint (see ``chat_url`` for what ``base_url`` may be) until the block ends.

    ``name`` goes into journals where the server's ``model`` does not tell enough; ``headers`` gives what to
    send beside a request.  The gates limit how
    much is in flight; here nothing does.  Proxies are taken from the environment (``HTTPS_PROXY``,
    ``NO_PROXY``), but never for this machine itself.
    """
    url = chat_url(base_url)
    if key is not None and urlsplit(url).username:
        raise UnusableModel("the address holds a user name and there is a key as well: leave one of them out")
    proxy, proxy_auth = _proxy_for(url)
    always = {"Content-Type": "application/json", **(key.header() if key is not None else {})}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
        headers=always,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=connect_seconds),
        proxy=proxy,
        proxy_auth=proxy_auth,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield OpenAIModel(session, url, model, key=key, name=name or model, headers=headers)


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """Read a body; None if it is longer than any answer may be."""
    length = response.content_length
    if length is not None and "Content-Encoding" not in response.headers:
        return await response.read() if length <= _MOST_BYTES else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return bytes(body)


def _proxy_for(url: str) -> tuple[str | None, aiohttp.BasicAuth | None]:
    """Find the proxy once: aiohttp's own ``trust_env`` reads ~/.netrc in a thread before every request."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "::1"} or host.startswith("127.") or proxy_bypass(host):
        return None, None
    found = getproxies().get(parts.scheme)
    if not found:
        return None, None
    try:
        proxy = urlsplit(found if "://" in found else f"http://{found}")
    except ValueError:
        raise UnusableModel(
            f"the variable {parts.scheme}_proxy is not a proxy's address: correct it or unset it"
        ) from None
    auth = None
    if proxy.username:
        auth = aiohttp.BasicAuth(unquote(proxy.username), unquote(proxy.password or ""))
    return f"{proxy.scheme}://{proxy.netloc.rpartition('@')[2]}", auth
