"""The toolkits of these tests can be imported, by this process and by the workers that it starts."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _kits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "kits"))
