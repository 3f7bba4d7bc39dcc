import re
from pathlib import Path

import pytest

from tests.docs.module_list import page_with_list

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
MAP = PAGE.partition("## The map")[2].partition("\n## ")[0]
ROWS = [line.split("|")[1:-1] for line in MAP.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize(("column", "layer"), [(1, "core"), (2, "storage"), (3, "..")])
def test_each_module_of_the_map_is_in_its_layer(column: int, layer: str) -> None:
    places = (ROOT / "moca" / layer).resolve().rglob("*")
    known = {
        part for place in places if ".venv" not in place.parts for part in (place.stem, place.name)
    }
    named = [re.findall(r"`([^`]+)`", row[column]) for row in ROWS]
    modules = {name.strip("/").split("/")[-1] for names in named for name in names}
    assert modules - known == set()
    assert len(modules) > 5


def test_the_list_of_modules_is_up_to_date() -> None:
    assert page_with_list(PAGE) == PAGE, "run `just modules`"
