"""The golden run: three dialogues over a cassette, compared byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine import StructuredModel
from engine.chat.cassette import RecordingModel
from sandbox import open_pack, open_runtime
from toolace_mt.config import GenerateConfig
from toolace_mt.outcome import Outcome
from toolace_mt.pipeline import Attempt, Pipeline
from toolace_mt.stages.judge import ModelJudge
from toolace_mt.stages.refine import Refiner
from toolace_mt.testing import FunctionModel

__all__ = ["CASSETTE", "GOLDEN", "golden_config", "record"]

_FIXTURES: Final = Path(__file__).parents[2] / "fixtures"
CASSETTE: Final = _FIXTURES / "cassettes" / "harmless.jsonl"
GOLDEN: Final = _FIXTURES / "golden" / "dialogues.jsonl"


def golden_config(out: Path, cassette: Path = CASSETTE) -> GenerateConfig:
    """What the golden run is asked to do; ``close_wording`` and the judge are the cassette's defaults."""
    return GenerateConfig(model=f"cassette:{cassette}", count=3, seed=11, concurrency=2, out=out)


async def record(cassette: Path) -> list[Outcome]:
    """Record the replies of the harmless model to everything that the golden run asks, in order.

    It composes the pipeline by hand, because a run reads cassettes and never writes them.
    """
    config = golden_config(Path())
    model = RecordingModel(FunctionModel(name="harmless"), cassette)
    outcomes: list[Outcome] = []
    async with open_runtime(workers=1) as runtime:
        pipeline = Pipeline(
            runtime=runtime,
            packs=[open_pack(name) for name in config.pack],
            refiner=Refiner(judge=ModelJudge(), strictness="free", attempts=config.attempts),
            injections=config.injections,
            rounds=config.rounds,
            repairs=config.repairs,
        )
        while sum(outcome.status == "accepted" for outcome in outcomes) < config.count:
            attempt = Attempt(number=len(outcomes), run_seed=config.seed)
            outcomes.append(await pipeline.make(attempt, StructuredModel(model)))
    return outcomes
