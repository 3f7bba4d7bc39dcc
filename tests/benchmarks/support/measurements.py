"""What a run of a benchmark found, kept as a line of JSON."""

import os
import platform
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from tests.benchmarks.support.figures import Figure


@dataclass(frozen=True)
class Conditions:
    """Where a benchmark ran, without what would change with every run."""

    cores: int
    python: str
    sqlite: str
    load: float
    """Of other work, in the minute before."""
    is_quick: bool
    """Whether the rounds were short, so that the figures are less sure."""

    @classmethod
    def now(cls, *, is_quick: bool) -> Self:
        """Return this machine's."""
        load, *_ = os.getloadavg()
        cores = os.cpu_count() or 1
        return cls(
            cores, platform.python_version(), sqlite3.sqlite_version, round(load, 1), is_quick
        )


@dataclass(frozen=True)
class Measurement:
    """The figures of one benchmark."""

    benchmark: str
    conditions: Conditions
    figures: tuple[Figure, ...]


_LINE = TypeAdapter(Measurement)


def read_measurements(path: Path) -> dict[str, Measurement]:
    """Return the measurements in a file by benchmark; none if there is no file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    read = map(_LINE.validate_json, lines)
    return {each.benchmark: each for each in read}


def write_measurements(path: Path, measurements: Mapping[str, Measurement]) -> None:
    path.write_text("".join(_lines(measurements.values())), encoding="utf-8")


def _lines(measurements: Iterable[Measurement]) -> Iterable[str]:
    for each in measurements:
        yield f"{_LINE.dump_json(each, exclude_defaults=True).decode()}\n"
