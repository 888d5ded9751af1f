"""A model to measure with: a loopback server in a process of its own around the model that is no model."""

from engine.simulated.behaviour import Behaviour, Trouble
from engine.simulated.process import (
    SimulatedProcess,
    ask_statistics,
    open_simulated,
    open_simulated_at,
    serving,
)
from engine.simulated.server import SimulatedServer

__all__ = [
    "Behaviour",
    "SimulatedProcess",
    "SimulatedServer",
    "Trouble",
    "ask_statistics",
    "open_simulated",
    "open_simulated_at",
    "serving",
]
