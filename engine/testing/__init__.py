"""For tests, here and elsewhere: a scripted model, a loopback server, virtual time, a conformance suite."""

from engine.testing.conformance import check_chat_model
from engine.testing.fakes import ScriptedModel, request
from engine.testing.server import Answer, OpenAIServer
from engine.testing.virtual_time import VirtualTimeLoop, run_in_virtual_time

__all__ = [
    "Answer",
    "OpenAIServer",
    "ScriptedModel",
    "VirtualTimeLoop",
    "check_chat_model",
    "request",
    "run_in_virtual_time",
]
