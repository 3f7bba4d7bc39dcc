"""The table of what can be sent is complete, and names tests that exist."""

import re
from dataclasses import fields
from pathlib import Path

from moca.core.content.content import Content

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"\| (.+) \| (?:`(\w+)`|-) \| (.+) \| (.+) \| `(\w+)` \|")


def rows() -> list[tuple[str, ...]]:
    page = ROOT / "docs/reference/events-and-sending.md"
    section = page.read_text(encoding="utf-8").split("## What can be sent\n")[1]
    table = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| ")]
    found = [_ROW.fullmatch(line) for line in table[1:]]
    assert all(found)
    return [row.groups() for row in found if row]


def test_whatever_a_content_can_hold_stands_in_the_table() -> None:
    assert {row[1] for row in rows() if row[1]} == {each.name for each in fields(Content)}


def test_every_test_that_the_table_names_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    missing = [row[4] for row in rows() if f"def {row[4]}(" not in sources]
    assert missing == []
