"""What the tree promises to its readers, in figures: `pytest -s tests/test_tree.py` prints them."""

import ast
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
PRODUCTION = sorted(path for place in ("moca", "actors") for path in (ROOT / place).rglob("*.py"))
TREE = sorted([ROOT / "run.py", *PRODUCTION, *(ROOT / "tests").rglob("*.py")])

MAX_MODULES_IN_A_FOLDER = 25
MAX_LINES = 300
FEW_LINES = 30
MAX_FILES_OF_FEW_LINES = 30
MAX_ANY_PER_1000_LINES = 12

NO_GERUNDS = {"finding", "housekeeping", "pending", "splitting"}
"""Words in -ing that are adjectives, or nouns of the field."""
SAME_CONCEPT = {"Account", "Conversation"}
"""Names both of a table and of what the core keeps of its row."""

_IMPERATIVE_OF_SPEECH = re.compile(r"(Tell|Say|Let|Give|Want)s?\b")
_VAGUE_PERSON = re.compile(r"\b(somebody|nobody|whoever|whom)\b", re.IGNORECASE)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_migration(path: Path) -> bool:
    return path.parent.name == "migrations"


def _modules() -> list[Path]:
    return [path for path in TREE if path.name != "__init__.py" and not _is_migration(path)]


@cache
def _prose(path: Path) -> tuple[str, ...]:
    """Return the docstrings, those of attributes included, and the comments."""
    nodes = [each for each in ast.walk(ast.parse(_text(path))) if isinstance(each, ast.Expr)]
    values = [each.value.value for each in nodes if isinstance(each.value, ast.Constant)]
    with path.open("rb") as file:
        tokens = [
            each for each in tokenize.tokenize(file.readline) if each.type == tokenize.COMMENT
        ]
    return (*map(str, values), *(each.string.removeprefix("#").strip() for each in tokens))


def test_no_folder_holds_more_modules_than_one_can_survey() -> None:
    folders = Counter(_name(path.parent) for path in _modules())
    click.echo(f"most modules in a folder: {folders.most_common(3)}")
    assert {name: n for name, n in folders.items() if n > MAX_MODULES_IN_A_FOLDER} == {}


def test_no_module_is_named_by_a_gerund() -> None:
    words = {path: path.stem.split("_")[-1] for path in _modules()}
    gerunds = [
        path for path, word in words.items() if word.endswith("ing") and word not in NO_GERUNDS
    ]
    assert [_name(path) for path in gerunds] == []


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in TREE:
        if not _is_migration(path):
            for node in ast.parse(_text(path)).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    homes[node.name].append(_name(path))
    click.echo(f"classes: {len(homes)}")
    shared = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in SAME_CONCEPT} == {}


def test_no_file_is_too_long() -> None:
    lines = {_name(path): len(_text(path).splitlines()) for path in TREE}
    click.echo(f"files: {len(lines)}, lines: {sum(lines.values())}")
    assert {name: n for name, n in lines.items() if n > MAX_LINES} == {}


def test_few_files_hold_only_a_few_lines() -> None:
    production = [path for path in _modules() if path in PRODUCTION]
    short = [_name(path) for path in production if len(_text(path).splitlines()) < FEW_LINES]
    click.echo(f"production files under {FEW_LINES} lines: {len(short)} of {len(production)}")
    assert len(short) <= MAX_FILES_OF_FEW_LINES, short


def test_any_is_rare() -> None:
    sources = "\n".join(_text(path) for path in PRODUCTION)
    per_1000_lines = 1000 * len(re.findall(r"\bAny\b", sources)) / len(sources.splitlines())
    click.echo(f"Any per 1,000 lines of production: {per_1000_lines:.1f}")
    assert per_1000_lines <= MAX_ANY_PER_1000_LINES


def test_docstrings_say_what_is_done() -> None:
    assert _prose_that(_IMPERATIVE_OF_SPEECH.match) == []


def test_prose_names_who_acts() -> None:
    assert _prose_that(_VAGUE_PERSON.search) == []


def _prose_that(meets: Callable[[str], object]) -> list[str]:
    return [f"{_name(path)}: {text}" for path in TREE for text in _prose(path) if meets(text)]
