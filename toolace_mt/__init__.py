"""Multi-turn tool-calling dialogues: made, checked and explained."""

__version__ = "0.1.0"
