"""Allowed imports: the design as a table, enforced by a test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {
    *("pyproject.toml", "moca", "actors", "tests", "config", "run.py", "README.md"),
    *("docs", "mkdocs.yml", "justfile"),
}
ALSO_ALLOWED = {"LICENSE", "CHANGELOG.md", "build", "dist", "moca.egg-info", "moca_dm.egg-info"}

CALLS = {"moca.deadline", "moca.http_client"}
MAY_IMPORT = {
    "moca/core": {"moca.core"},
    "moca/instagram": {"moca.core", "moca.instagram", "moca.clock", *CALLS},
    "moca/replies": {"moca.core", "moca.replies", *CALLS},
    "moca/storage": {"moca.core", "moca.storage", "moca.uploads"},
    "moca/uploads": {"moca.uploads"},
    "moca/broker": {"moca.broker"},
    "moca/push": {"moca.core", "moca.storage", "moca.push", "moca.clock", *CALLS},
    "moca/settings": {"moca.settings"},
    "moca/bots": {"moca.core", "moca.settings", "moca.replies", "moca.bots"},
    "moca/mcp": {"moca.core", "moca.mcp", *CALLS},
    "moca/rehearsal": {"moca.core", "moca.rehearsal"},
    "moca/doctor": {
        "moca.core",
        "moca.instagram",
        "moca.storage",
        "moca.uploads",
        "moca.doctor",
        "moca.clock",
    },
    "moca/web": {
        "moca.core",
        "moca.storage.queries",
        "moca.uploads",
        "moca.instagram",
        "moca.web",
        "moca.clock",
        "moca.logs",
    },
    "actors": {"moca", "actors"},
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in {"moca", "actors", "tests", "run"}


def within(name: str, allowed: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in allowed)


@pytest.mark.parametrize(("place", "allowed"), MAY_IMPORT.items(), ids=MAY_IMPORT.keys())
def test_each_place_imports_only_what_it_may(place: str, allowed: set[str]) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / place).rglob("*.py")
        for name in imports_of(path)
        if ours(name) and not within(name, allowed)
    ]
    assert wrong == []


def test_the_core_imports_the_standard_library_and_itself() -> None:
    import sys

    foreign = {
        name
        for path in (ROOT / "moca/core").rglob("*.py")
        for name in imports_of(path)
        if not within(name, {"moca.core"}) and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


@pytest.mark.parametrize("module", ["time", "random", "threading", "logging", "os", "socket"])
def test_the_core_neither_acts_nor_looks_at_a_clock(module: str) -> None:
    users = [
        path.name
        for path in (ROOT / "moca/core").rglob("*.py")
        if module in {name.split(".")[0] for name in imports_of(path)}
    ]
    assert users == []


def test_only_actors_know_pykka() -> None:
    users = {
        path.relative_to(ROOT).parts[0]
        for place in ("moca", "actors", "run.py")
        for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
        if any(name.split(".")[0] == "pykka" for name in imports_of(path))
    }
    assert users == {"actors"}


def test_only_the_clock_reads_the_wall_clock() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for place in ("moca", "actors")
        for path in (ROOT / place).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"datetime.now", "datetime.utcnow", "time.time", "date.today"}
    }
    assert readers == {"moca/clock.py"}


def test_the_top_level_holds_what_the_design_names() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__pycache__"))}
    databases = {name for name in found if ".db" in name}
    assert found - ALSO_ALLOWED - databases == TOP_LEVEL


def loaded_with(module: str) -> set[str]:
    import subprocess
    import sys

    told = f"import sys, {module}; print(*sys.modules)"
    command = [sys.executable, "-c", told]
    return set(subprocess.check_output(command, cwd=ROOT, text=True).split())


def test_the_server_holds_nothing_of_what_its_worker_does() -> None:
    assert loaded_with("run") & {"flask", "peewee", "requests", "rich", "pykka"} == set()


def test_the_worker_holds_nothing_that_few_installations_need() -> None:
    few = {"cryptography", "holidays", "peewee_migrate", "pika", "regex"}
    assert loaded_with("actors.cli.worker") & few == set()


def test_a_command_is_not_loaded_with_another() -> None:
    loaded = loaded_with("actors.cli.settings")
    assert (
        loaded & {"actors.cli.simulate", "actors.replay.runner", "moca.storage.copy_database"}
        == set()
    )
