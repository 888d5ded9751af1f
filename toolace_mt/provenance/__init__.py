"""Where each argument value of a dialogue comes from.

``trace`` looks for every value in the user's words, earlier results, the system prompt and the schema, then
for ways to derive it from those, and last in what the assistant said and the user let stand.  It would
rather call a source unsure than call a value invented.
"""

from toolace_mt.provenance.source import Site, Source, SourceKind, Trace
from toolace_mt.provenance.texts import forget_texts
from toolace_mt.provenance.trace import as_metadata, is_identifier, trace

__all__ = [
    "Site",
    "Source",
    "SourceKind",
    "Trace",
    "as_metadata",
    "forget_texts",
    "is_identifier",
    "trace",
]
