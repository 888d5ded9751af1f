"""Where each argument value of a dialogue comes from.

``trace`` looks for every value in the user's words, earlier results, the system prompt and the schema, then
for ways to derive it from those, and last in what the assistant said and the user let stand.  It would
rather call a source unsure than call a value invented.
"""

from toolace_mt.provenance.knowledge import is_expression
from toolace_mt.provenance.numbers import as_number, numbers_in
from toolace_mt.provenance.source import Site, Source, SourceKind, Trace
from toolace_mt.provenance.texts import forget_texts
from toolace_mt.provenance.trace import as_metadata, is_identifier, trace
from toolace_mt.provenance.words import compact

__all__ = [
    "Site",
    "Source",
    "SourceKind",
    "Trace",
    "as_metadata",
    "as_number",
    "compact",
    "forget_texts",
    "is_expression",
    "is_identifier",
    "numbers_in",
    "trace",
]
