import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import tomli_w

from moca.core.bots.documents import BadDocument, DocumentFault

_RULES = "[[rule]]"
_RULE = re.compile(r"(?:^#[^\n]*\n)*^\[\[rule\]\]", re.MULTILINE)
"""The head of a rule, with the comments right above it."""


class WrittenRule(NamedTuple):
    """A rule, and how it is written."""

    text: str
    values: Mapping[str, Any]


def parse_toml(text: str, max_bytes: int) -> dict[str, Any]:
    """Return the values of a text that an administrator wrote.

    Raises:
        BadDocument: If it is too long, or no TOML.
    """
    if len(text.encode(errors="replace")) > max_bytes:
        raise BadDocument([DocumentFault("", f"has more than {max_bytes} bytes")])
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadDocument([DocumentFault("", f"is not TOML: {error}")]) from None


def write_tables(tables: Mapping[str, object]) -> str:
    """Write tables as TOML, always the same for the same tables."""
    written = tomli_w.dumps(tables, multiline_strings=True, indent=2)
    if tomllib.loads(written) == tables:
        return written
    # A string of several lines loses its carriage returns.
    return tomli_w.dumps(tables, indent=2)


def write_rule(values: Mapping[str, object]) -> str:
    """Write a rule as a `[[rule]]` table."""
    written = write_tables({"rule": values})
    return _RULES + "\n" + written.removeprefix("[rule]\n")


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
    written = document[_start_of_rules(document) :]
    if rules and not _has_just(written, rules):
        written = write_tables(rules)
    return tables, written if rules else ""


def join_rules(tables: Mapping[str, object], rules: str) -> str:
    """Write a document of tables and of rules that are already written."""
    return _joined(write_tables(tables), rules)


def replace_rules(document: str, rules: str) -> str:
    """Return a document with other rules, and all else as it is written."""
    tables, old = split_rules(document)
    if not old:
        return _joined(document, rules)
    start = _start_of_rules(document)
    if document[start:] != old or not _is_tables(rules or _RULES):
        return join_rules(tables, rules)
    return f"{document[:start]}{rules}"


def rules_in_text(rules: str) -> tuple[WrittenRule, ...]:
    """Return each rule of rules that are written, with its own text where it has one.

    Raises:
        tomllib.TOMLDecodeError: If they are not TOML.
        TypeError: If they are not tables.
    """
    known = tomllib.loads(rules).get("rule", [])
    if not isinstance(known, list) or not all(isinstance(each, dict) for each in known):
        raise TypeError("rule: must be tables")
    starts = [found.start() for found in _RULE.finditer(rules)]
    texts = [rules[start:end] for start, end in pairwise([*starts, len(rules)])]
    if starts[:1] != [0] or not _are(texts, known):
        texts = [write_rule(values) for values in known]
    return tuple(map(WrittenRule, texts, known))


def rules_text(rules: Sequence[WrittenRule]) -> str:
    """Return the text of rules, each with its own."""
    texts = [each.text for each in rules]
    apart = (text if text.endswith("\n\n") else text.rstrip("\n") + "\n\n" for text in texts[:-1])
    last = texts[-1].rstrip("\n") + "\n" if texts else ""
    return "".join((*apart, last))


def _joined(head: str, rules: str) -> str:
    if not (head and rules):
        return head or rules
    # A key must stand before the first table, and `[[rule]]` after it.
    return f"{head}\n{rules}" if _is_tables(rules) else f"{rules}\n{head}"


def _start_of_rules(document: str) -> int:
    found = _RULE.search(document)
    return 0 if found is None else found.start()


def _is_tables(rules: str) -> bool:
    lines = (line.strip() for line in rules.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.startswith("[[")


def _are(texts: Sequence[str], known: Sequence[object]) -> bool:
    try:
        return [tomllib.loads(text).get("rule") for text in texts] == [[each] for each in known]
    except tomllib.TOMLDecodeError:
        return False


def _has_just(written: str, rules: Mapping[str, object]) -> bool:
    try:
        return _is_tables(written) and tomllib.loads(written) == rules
    except tomllib.TOMLDecodeError:
        return False
