"""``make pins``: pin the shipped packs as they are now, each after its properties were checked."""

from __future__ import annotations

import sys

from sandbox import check_pack, open_pack, shipped_packs
from sandbox.packs.pins import LOCK


def main() -> None:
    lines = []
    for name in shipped_packs():
        pack = open_pack(name)
        errors = check_pack(pack).errors
        if errors:
            sys.exit(f"{name}: {errors[0].code}: {errors[0].message}; mend the pack first")
        lines.append(f"{name} {pack.digest}\n")
    LOCK.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
