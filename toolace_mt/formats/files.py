"""The data files that a user's words name: files, folders of them, standard input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from toolace_mt.formats.base import UnreadableFileError

__all__ = ["STANDARD_INPUT", "data_files"]

STANDARD_INPUT = "-"
_ENDINGS = (".json", ".jsonl", ".ndjson", ".parquet", ".arrow")
_PACKED = (".gz", ".zst")
_ASIDE = ("possible_answer", "multi_turn_func_doc")
"""Folders that complete the files beside them."""
_SAVED = ("dataset_info.json", "state.json", "dataset_dict.json")
"""What the library ``datasets`` puts beside its tables."""


def data_files(named: Iterable[str]) -> list[str]:
    """Give the files in order; a folder stands for the data files anywhere in it.

    Raise UnreadableFileError for what does not exist and for a folder without data.
    """
    found: list[str] = []
    for name in named:
        path = Path(name)
        if name == STANDARD_INPUT or path.is_file() or path.is_fifo():
            found.append(name)
        elif path.is_dir():
            inside = [str(file) for file in sorted(_inside(path))]
            if not inside:
                raise UnreadableFileError(
                    f"no data files in the folder {name}; known are {', '.join(_ENDINGS)}"
                )
            found.extend(inside)
        else:
            raise UnreadableFileError(f"no such file: {name}")
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        name = path.name.lower()
        for packing in _PACKED:
            name = name.removesuffix(packing)
        parts = path.relative_to(folder).parts
        aside = any(part in _ASIDE or part.startswith(".") for part in parts)
        if name.endswith(_ENDINGS) and not aside and name not in _SAVED and path.is_file():
            yield path
