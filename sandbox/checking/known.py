"""What is known in a world: every row with its fields, so that arguments that belong together are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Known", "Record", "Scalar", "in_common"]

Scalar = str | int | float
Record = Mapping[str, tuple[Scalar, ...]]
Entry = tuple[Scalar, Record]


class Known:
    """An index of values by field, each with its record: the fields of its row and of the rows above.

    Items of a list stand under the list's name and under that of one item.

    ``rows`` holds the record of each row by its key.
    """

    def __init__(self, values: Sequence[object]) -> None:
        self._by_field: dict[str, list[Entry]] = {}
        self.rows: dict[Scalar, Record] = {}
        for value in values:
            for record in self._records(value, {}):
                for name, scalars in record.items():
                    for alias in {name, _one_of(name)} if len(scalars) > 1 else {name}:
                        entries = self._by_field.setdefault(alias, [])
                        entries += ((scalar, record) for scalar in scalars)

    def entries(self, field: str) -> Sequence[Entry]:
        """List a field's values with their records, in the order of the world."""
        return self._by_field.get(field, ())

    def _records(self, value: object, above: Record) -> Iterator[Record]:
        if isinstance(value, Mapping):
            own = _fields(value)
            record = {**above, **own} if own else above
            if own:
                yield record
            for key, part in value.items():
                if isinstance(part, Mapping):
                    self.rows[key] = {**record, **_fields(part)}
                if isinstance(part, (Mapping, list, tuple)):
                    yield from self._records(part, record)
        elif isinstance(value, (list, tuple)):
            for part in value:
                yield from self._records(part, above)


def _fields(value: Mapping[str, object]) -> dict[str, tuple[Scalar, ...]]:
    return {name: scalars for name, part in value.items() if (scalars := _scalars(part))}


def _one_of(name: str) -> str:
    """Name one item of a list: ``open_seats`` has a ``seat``."""
    return name.rpartition("_")[2].removesuffix("s")


def _scalars(value: object) -> tuple[Scalar, ...]:
    parts = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(part for part in parts if isinstance(part, (str, int, float)) and not isinstance(part, bool))


def in_common(record: Record, context: Mapping[str, Scalar]) -> int:
    """Count the fields that a record has in common with what was chosen so far."""
    return sum(value in record.get(name, ()) for name, value in context.items())
