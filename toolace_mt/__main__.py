"""``python -m toolace_mt``."""

from toolace_mt.cli import main

if __name__ == "__main__":
    main()
