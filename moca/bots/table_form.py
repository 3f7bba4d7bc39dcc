"""Topics, ice breakers and menu of a bot as rows of a form."""

from collections.abc import Mapping
from typing import Any

from moca.bots.rows import filled_rows, row_fields
from moca.core.bots.forms import BotField, BotFieldGroup, FieldKind
from moca.core.topics import OTHER

_MAX_ICE_BREAKERS = 4
_MAX_MENU = 5
_ICE_BREAKER = {"question": "question", "payload": "payload"}
_MENU_ITEM = {"title": "title", "url": "address it opens", "payload": "payload"}
_MODES = "auto, draft, off, or such as delay 10 minutes"
_PROFILE = (
    ("ice_breakers", "Ice breaker", _ICE_BREAKER, _MAX_ICE_BREAKERS),
    ("menu", "Menu entry", _MENU_ITEM, _MAX_MENU),
)


def table_groups(tables: Mapping[str, Any]) -> tuple[BotFieldGroup, ...]:
    """Return the fields for topics, ice breakers and menu."""
    profile = _table(tables, "profile")
    rows = (
        row_fields(f"profile.{key}", what, labels, _entries(profile.get(key)), most)
        for key, what, labels, most in _PROFILE
    )
    ice_breakers, menu = rows
    return (
        BotFieldGroup("Topics", _topics(tables)),
        BotFieldGroup("Ice breakers", ice_breakers),
        BotFieldGroup("Menu", menu),
    )


def fill_in_tables(tables: dict[str, Any], values: Mapping[str, str]) -> None:
    """Write what was typed in these fields; what was left as it was stays as it is written."""
    shown = {field.path: field.value for group in table_groups(tables) for field in group.fields}
    for key, _, labels, _ in _PROFILE:
        path = f"profile.{key}"
        typed = [*filled_rows(values, path, tuple(labels)).values()]
        if f"{path}.0.{next(iter(labels))}" not in values:
            continue
        if typed != [*filled_rows(shown, path, tuple(labels)).values()]:
            _put(tables, "profile", key, typed)
    if "topic.other.mode" in values and _modes(values) != _modes(shown):
        modes = {name: mode for name, mode in _modes(values).items() if (name, mode) != _DEFAULT}
        tables.pop("topics", None)
        if modes:
            tables["topics"] = modes


_DEFAULT = (OTHER, "auto")


def _topics(tables: Mapping[str, Any]) -> tuple[BotField, ...]:
    modes = {name: str(mode) for name, mode in _table(tables, "topics").items()}
    other = modes.pop(OTHER, "auto")
    label = f"Replies without a topic below: {_MODES}"
    fields = [BotField("topic.other.mode", label, FieldKind.LINE, other, place=f"topics.{OTHER}")]
    rows = [*modes.items(), ("", "")]
    for number, (name, mode) in enumerate(rows):
        at, place = f"topic.{number}", f"topics.{name}" if name else ""
        fields += [
            BotField(f"{at}.name", f"Topic {number + 1}", FieldKind.LINE, name),
            BotField(f"{at}.mode", f"Topic {number + 1}: mode", FieldKind.LINE, mode, place=place),
        ]
    return tuple(fields)


def _modes(values: Mapping[str, str]) -> dict[str, str]:
    rows = filled_rows(values, "topic", ("name", "mode")).values()
    modes = {row["name"]: row.get("mode", "draft") for row in rows if "name" in row}
    return {**modes, OTHER: values["topic.other.mode"].strip() or "auto"}


def _put(tables: dict[str, Any], table: str, key: str, value: list[dict[str, Any]]) -> None:
    found = tables.setdefault(table, {})
    if not isinstance(found, dict):
        return
    found.pop(key, None)
    if value:
        found[key] = value
    elif not found:
        del tables[table]


def _table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, dict) else {}


def _entries(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
