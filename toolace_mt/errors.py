"""What a user of this program can get wrong, as the pipeline sees it.

ToolaceError
├── ConfigError     the configuration or the command line asks for something that cannot be
└── RunFolderError  the output folder cannot take, or does not hold, the run
"""

from __future__ import annotations

__all__ = ["ConfigError", "RunFolderError", "ToolaceError"]


class ToolaceError(Exception):
    """Base of this package's errors; one line that names the thing and the remedy."""


class ConfigError(ToolaceError):
    """The configuration cannot be used."""


class RunFolderError(ToolaceError):
    """The output folder belongs to something else, is busy, or cannot be written."""
