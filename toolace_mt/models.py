"""Which model a run asks, and where: opened from the configuration, closed with the run."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine import ChatModel
from toolace_mt.config import EndpointConfig, GenerateConfig
from toolace_mt.errors import ConfigError

__all__ = ["Endpoint", "open_models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The run's model at one place; it gets requests in proportion to its ``weight``."""

    model: ChatModel
    label: str = ""
    weight: float = 1.0


async def open_models(config: GenerateConfig, stack: AsyncExitStack) -> tuple[Endpoint, ...]:
    """Open the model, at each of its endpoints if there are several; all have the same name.

    Raises ``ConfigError`` or ``UnusableModel``.
    """
    if config.endpoints:
        return tuple([await _open_endpoint(config, one, stack) for one in config.endpoints])
    return (Endpoint(model=await _open_model(config, stack)),)


async def _open_model(config: GenerateConfig, stack: AsyncExitStack) -> ChatModel:
    kind, _, rest = config.model.partition(":")
    match kind:
        case "http" | "https":
            place = EndpointConfig(url=config.model, key_file=config.key_file)
            return (await _open_endpoint(config, place, stack)).model
        case "local" | "gguf":
            return await _open_weights(config, rest, stack)
        case "cassette":
            from engine.chat.cassette import CassetteModel

            return CassetteModel.read(Path(rest))
        case "simulated":
            from engine.simulated import Behaviour, open_simulated, open_simulated_at

            if rest:
                return await stack.enter_async_context(open_simulated_at(rest))
            return await stack.enter_async_context(open_simulated(Behaviour(**config.simulated.model_dump())))
        case _:
            raise ConfigError(
                f"--model {config.model}: use local, the address of an OpenAI-compatible endpoint, "
                "gguf:PATH, cassette:PATH or simulated"
            )


async def _open_weights(config: GenerateConfig, path: str, stack: AsyncExitStack) -> ChatModel:
    from engine.chat.llama_cpp import EMBEDDED_MODEL, embedded_weights, open_llama_cpp

    if config.is_local:
        return await stack.enter_async_context(
            open_llama_cpp(embedded_weights(), name=EMBEDDED_MODEL, small=True)
        )
    name = config.model_name or Path(path).stem
    return await stack.enter_async_context(open_llama_cpp(Path(path), name=name))


async def _open_endpoint(config: GenerateConfig, place: EndpointConfig, stack: AsyncExitStack) -> Endpoint:
    from engine.chat.openai_http import ApiKey, open_openai
    from engine.chat.openai_wire import chat_url, without_user

    name = config.model_name or (config.endpoints[0].model if config.endpoints else None)
    model = place.model or name
    if model is None or name is None:
        raise ConfigError(f"--model {without_user(place.url)}: name the model there with --model-name")
    if place.key_env is not None and not os.environ.get(place.key_env, "").strip():
        raise ConfigError(f"the variable {place.key_env} holds no key for {without_user(place.url)}: set it")
    key = ApiKey.find(os.environ, place.key_file, variable=place.key_env or "OPENAI_API_KEY")
    opened = await stack.enter_async_context(open_openai(place.url, model, key=key, name=name))
    label = urlsplit(chat_url(place.url)).netloc.rpartition("@")[2]
    return Endpoint(model=opened, label=label, weight=place.weight)
