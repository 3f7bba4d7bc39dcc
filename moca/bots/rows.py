"""Rows of a form: one for each entry of a list, and an empty one to add another."""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from moca.core.bots.forms import BotField, FieldKind


def row_fields(
    path: str, what: str, labels: Mapping[str, str], entries: Iterable[Any], most: int
) -> tuple[BotField, ...]:
    """Return the fields of entries, each with its number, and of an empty one if it has room."""
    rows = list(entries)
    rows = [*rows, {}] if len(rows) < most else rows
    return tuple(
        BotField(
            f"{path}.{number}.{key}",
            f"{what} {number + 1}: {label}",
            FieldKind.LINE,
            str(row.get(key) or ""),
        )
        for number, row in enumerate(rows)
        for key, label in labels.items()
    )


def filled_rows(
    typed: Mapping[str, str], path: str, keys: tuple[str, ...]
) -> dict[int, dict[str, Any]]:
    """Return the entries that were typed, by number, without those that are empty."""
    rows: dict[int, dict[str, Any]] = {}
    for number in count():
        row_path = f"{path}.{number}."
        texts = {key: typed.get(row_path + key) for key in keys}
        if all(text is None for text in texts.values()):
            break
        row = {key: text.strip() for key, text in texts.items() if text and text.strip()}
        nested = any(
            key.startswith(f"{path}.{number}.buttons.") for key, text in typed.items() if text
        )
        if row or nested:
            rows[number] = row
    return rows
