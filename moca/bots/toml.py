import tomllib
from collections.abc import Mapping

import tomli_w

_RULES = "[[rule]]"


def write_tables(tables: Mapping[str, object]) -> str:
    """Write tables as TOML, always the same for the same tables."""
    written = tomli_w.dumps(tables, multiline_strings=True, indent=2)
    if tomllib.loads(written) == tables:
        return written
    # A string of several lines loses its carriage returns.
    return tomli_w.dumps(tables, indent=2)


def split_rules(document: str) -> tuple[dict[str, object], str]:
    """Return the tables of a document, and its rules as they are written.

    Rules that stand among other tables, or after them with a table of another kind, are written
    anew. Of a document that is not TOML there is nothing.
    """
    try:
        tables = tomllib.loads(document)
    except tomllib.TOMLDecodeError:
        return {}, ""
    rules = {"rule": tables.pop("rule")} if "rule" in tables else {}
    start = 0 if document.startswith(_RULES) else document.find(f"\n{_RULES}") + 1
    written = document[start:]
    if rules and not _has_just(written, rules):
        written = write_tables(rules)
    return tables, written if rules else ""


def join_rules(tables: Mapping[str, object], rules: str) -> str:
    """Write a document of tables and of rules that are already written."""
    head = write_tables(tables)
    if not (head and rules):
        return head or rules
    # A key must stand before the first table, and `[[rule]]` after it.
    return f"{head}\n{rules}" if rules.startswith(_RULES) else f"{rules}\n{head}"


def _has_just(written: str, rules: Mapping[str, object]) -> bool:
    try:
        return written.startswith(_RULES) and tomllib.loads(written) == rules
    except tomllib.TOMLDecodeError:
        return False
