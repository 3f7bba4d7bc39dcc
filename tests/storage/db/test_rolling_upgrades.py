"""While nodes are upgraded one after another, those of the version before use the new tables."""

import re
from pathlib import Path

from moca.storage import migrations

FIRST = "058"
"""The first migration that has had to leave running nodes be."""

_TAKES_AWAY = re.compile(r"\b(DROP\s+(TABLE|COLUMN)|RENAME)\b|drop_column|drop_table|rename_")


def test_a_migration_takes_nothing_away_that_running_nodes_use() -> None:
    scripts = sorted(Path(migrations.__path__[0]).glob("[0-9]*.py"))
    later = [each for each in scripts if each.name >= FIRST]
    assert later
    assert [each.name for each in later if _TAKES_AWAY.search(each.read_text("utf-8"))] == []
