"""The documented table of events matches the code, and names tests that exist."""

import re
from pathlib import Path

from moca.core.inbound.event_rules import RULES

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"\| (.+) \| `(\w+)` \| (yes|no) \| (yes|no) \| (.+) \| `(\w+)` \|")


def rows() -> list[tuple[str, ...]]:
    page = ROOT / "docs/reference/events-and-sending.md"
    section = page.read_text(encoding="utf-8").split("## Events\n")[1]
    table = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| ")]
    found = [_ROW.fullmatch(line) for line in table[1:]]
    assert all(found)
    return [row.groups() for row in found if row]


def test_every_kind_stands_in_the_table_by_its_rule() -> None:
    told = {kind: (window == "yes", bot == "yes") for _, kind, window, bot, _, _ in rows()}
    rules = {kind: (rule.opens_window, rule.wakes_bot) for kind, rule in RULES.items()}
    assert told == rules


def test_rows_of_one_kind_do_not_contradict_each_other() -> None:
    told = {(kind, window, bot) for _, kind, window, bot, _, _ in rows()}
    assert len(told) == len({kind for kind, _, _ in told})


def test_a_rule_that_hangs_on_a_setting_names_it() -> None:
    for kind, rule in RULES.items():
        told = " ".join(row[4] for row in rows() if row[1] == kind)
        assert rule.only_with in told or told == "the same"


def test_every_test_that_the_table_names_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    missing = [row[5] for row in rows() if f"def {row[5]}(" not in sources]
    assert missing == []
