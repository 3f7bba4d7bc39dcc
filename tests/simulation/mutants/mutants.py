"""Breaks the product on purpose, one small edit at a time, to see what the simulation notices."""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.simulation.oracle.invariants import Invariant

ROOT = Path(__file__).parents[3]
TABLE = Path(__file__).with_name("mutants.toml")
TABLE_OF_NODES = Path(__file__).parents[1] / "nodes" / "mutants.toml"

_COPIED = (
    *("moca", "actors", "tests/__init__.py", "tests/simulation"),
    *("tests/cluster/__init__.py", "tests/cluster/broker.py"),
)
_SEEDS_TRIED = re.compile(r"^(\d+) seeds", re.MULTILINE)
_BROKEN = re.compile(r"^broken: invariant (\S+): (.*)$", re.MULTILINE)
_TIME_LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Mutant:
    """One small edit of the product's source that breaks what it promises."""

    name: str
    file: str
    old: str
    """Stands in the file exactly once."""
    new: str
    world: str | None = None
    """The kind of world in which it shows, if not in any."""
    seed: int = 0
    """A seed that shows it."""
    nodes: bool = False
    """Whether it takes several nodes to notice it."""

    def count(self, root: Path = ROOT) -> int:
        """Return how often `old` occurs in the file."""
        return (root / self.file).read_text(encoding="utf-8").count(self.old)

    def apply(self, root: Path) -> None:
        """Edit the file in a copy of the tree.

        Raises:
            ValueError: `old` is not there exactly once.
        """
        if self.count(root) != 1:
            raise ValueError(f"{self.file} does not hold {self.old!r} exactly once")
        path = root / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new))


@dataclass(frozen=True)
class Catch:
    """What the simulation made of a mutant."""

    mutant: Mutant
    seeds: int
    """How many were tried; the last of them broke, if any did."""
    invariant: str | None
    what: str = ""

    def __str__(self) -> str:
        caught = f"caught after {self.seeds}" if self.invariant else f"SURVIVED {self.seeds}"
        told = f"{self.invariant}: {self.what}" if self.invariant else ""
        return f"{self.mutant.name:62}{caught:20}{told[:100]}"


def read_mutants() -> tuple[Mutant, ...]:
    """Read the tables: of one process, and of several nodes."""
    return (*_read(TABLE), *(replace(each, nodes=True) for each in _read(TABLE_OF_NODES)))


def try_mutants(mutants: Iterable[Mutant], seeds: range, jobs: int) -> Iterator[Catch]:
    """Run the simulation against each mutant, in the order of the table."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(partial(try_mutant, seeds=seeds), mutants)


def try_mutant(mutant: Mutant, seeds: range) -> Catch:
    """Run the simulation in a copy of the tree until a seed breaks, or all were tried."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in _COPIED:
            _copy(ROOT / name, copy / name)
        mutant.apply(copy)
        return _run(mutant, seeds, copy)


def _run(mutant: Mutant, seeds: range, copy: Path) -> Catch:
    options = ["--seeds", str(len(seeds)), "--from", str(seeds[0]), "--jobs", "1", "--no-shorten"]
    options += ["--world", mutant.world] if mutant.world else []
    options += ["--nodes"] if mutant.nodes else []
    try:
        run = subprocess.run(
            [sys.executable, "-m", "tests.simulation", *options],
            cwd=copy,
            check=False,
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Catch(
            mutant, 0, Invariant.RUNS_ON.name, f"comes to no end within {_TIME_LIMIT_SECONDS} s"
        )
    tried, broken = _SEEDS_TRIED.search(run.stdout), _BROKEN.search(run.stdout)
    if tried is None:
        return Catch(
            mutant,
            0,
            Invariant.RUNS_ON.name,
            f"the simulation itself fails: {run.stderr.strip()[-200:]}",
        )
    return Catch(mutant, int(tried[1]), *(broken.groups() if broken else (None,)))


def _read(table: Path) -> Iterator[Mutant]:
    for row in tomllib.loads(table.read_text(encoding="utf-8"))["mutants"]:
        yield Mutant(**row)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
