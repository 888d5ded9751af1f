"""A pack's files, read with suspicion: plain files inside the folder, of bounded size, with plain names."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.errors import PackError

__all__ = ["content_digest", "pack_folder", "read_files", "shipped_packs"]

MAX_FILE_BYTES = 4 << 20
MAX_MANIFEST_BYTES = 32 << 10  # YAML is slow to read
MAX_PACK_BYTES = 8 << 20
MAX_PACK_PARTS = 300_000
MAX_WORLDS = 100
MAX_LISTED = 10_000
REQUIRED = ("pack.yaml", "tools.json", "tools.py", "state.schema.json")
OPTIONAL = ("policy.md", "tasks.jsonl")
PACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
WORLD_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\.json", re.ASCII)


def shipped_packs() -> tuple[str, ...]:
    """Name the packs that come with this program, in sorted order."""
    return tuple(sorted(folder.parent.name for folder in _shipped_folder().glob("*/pack.yaml")))


def pack_folder(name_or_path: str | Path) -> Path:
    """Find a pack by its shipped name or by its folder's path.  Raises ``PackError``."""
    given = Path(name_or_path)
    shipped = [_shipped_folder() / given] if PACK_NAME.fullmatch(str(given)) else []
    try:
        for folder in (given, *shipped):
            if (folder / "pack.yaml").is_file():
                return folder
        found = given.is_dir()
    except OSError as error:  # a name that is too long, a folder that is closed
        raise PackError(f"no tool pack {_shown(name_or_path)}: {error.strerror}") from None
    if found:
        raise PackError(f"{_shown(given)}: the folder has no pack.yaml, so it is no tool pack")
    known = ", ".join(shipped_packs()) or "none"
    raise PackError(
        f"no tool pack {_shown(name_or_path)}; shipped packs are {known}, or give a folder's path"
    )


def read_files(folder: Path) -> dict[str, bytes]:
    """Read a pack's files by name.  Raises ``PackError``: nothing missing, linked, odd or too large."""
    files = dict(_named_files(folder))
    worlds = list(_world_names(folder / "worlds"))
    if len(worlds) > MAX_WORLDS:
        raise PackError(f"{folder}/worlds: more than {MAX_WORLDS} worlds; keep fewer")
    total = sum(map(len, files.values()))
    parts = sum(_parts(content) for name, content in files.items() if name.endswith((".json", ".jsonl")))
    for name in sorted(worlds):
        content = _read(folder / "worlds" / name, MAX_FILE_BYTES)
        total, parts = total + len(content), parts + _parts(content)
        if total > MAX_PACK_BYTES or parts > MAX_PACK_PARTS:
            break
        files[f"worlds/{name}"] = content
    if total > MAX_PACK_BYTES or parts > MAX_PACK_PARTS:
        raise PackError(
            f"{folder}: more than {MAX_PACK_BYTES} bytes or {MAX_PACK_PARTS} values; make its worlds smaller"
        )
    return files


def content_digest(files: Mapping[str, bytes]) -> str:
    """Give the digest that pins a pack: SHA-256 over names, lengths and contents."""
    hasher = hashlib.sha256()
    for name in sorted(files):
        hasher.update(f"{name}\n{len(files[name])}\n".encode() + files[name])
    return hasher.hexdigest()


def _shipped_folder() -> Path:
    here = Path(__file__).resolve().parent.parent
    installed = here / "shipped_packs"
    return installed if installed.is_dir() else here.parent / "fixtures" / "packs"


def _shown(name: str | Path) -> str:
    return repr(str(name)[:200])


def _parts(content: bytes) -> int:
    """Bound the number of JSON values in a text before it is parsed: each takes far more memory than text."""
    return sum(content.count(sign) for sign in (b",", b"[", b"{"))


def _named_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in (*REQUIRED, *OPTIONAL):
        path = folder / name
        if os.path.lexists(path):
            yield name, _read(path, MAX_MANIFEST_BYTES if name == "pack.yaml" else MAX_FILE_BYTES)
        elif name in REQUIRED:
            raise PackError(f"{folder}: {name} is missing; a tool pack needs it")


def _world_names(folder: Path) -> Iterator[str]:
    if folder.is_symlink():
        raise PackError(f"{folder}: is a link; a pack's files must stand in its own folder")
    try:
        listed = os.scandir(folder)
    except OSError:
        return
    with listed:
        for number, entry in enumerate(listed):
            if number > MAX_LISTED:
                raise PackError(f"{folder}: more than {MAX_LISTED} files; keep only worlds here")
            if not entry.name.endswith(".json"):
                continue
            if not WORLD_FILE.fullmatch(entry.name):
                raise PackError(
                    f"{folder}: {entry.name[:80]!r} is no world's name; use letters, digits, '.', '_' and '-'"
                )
            yield entry.name


def _read(path: Path, most: int) -> bytes:
    try:
        # Not blocking: a pipe would wait for a writer.  Not following: a link may lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        reason = "is a link" if path.is_symlink() else f"cannot be read: {error.strerror}"
        raise PackError(f"{path}: {reason}; a pack's files must stand in its own folder") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PackError(f"{path}: is no plain file; a pack's files must stand in its own folder")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise PackError(f"{path}: larger than {most} bytes; make it smaller")
    return content
