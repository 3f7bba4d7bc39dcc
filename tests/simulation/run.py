import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import structlog

from moca import clock
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from tests.simulation.nodes.simulation import ClusterSimulation
from tests.simulation.result import Result
from tests.simulation.simulation import Simulation
from tests.simulation.worlds.script import Script


def run(script: Script) -> Result:
    """Carry out a script, and judge it."""
    with _quiet_logs(), tempfile.TemporaryDirectory(dir=_fast_directory()) as directory:
        path = Path(directory) / "moca.db"
        path.write_bytes(_empty_database())
        simulation = (ClusterSimulation if script.nodes else Simulation)(script, path)
        told_the_time, clock.now = clock.now, simulation.clockwork.now
        try:
            return simulation.run()
        finally:
            clock.now = told_the_time
            simulation.close()


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "empty.db"
        database = open_database(f"sqlite:///{path}")
        migrate(database)
        database.close()
        return path.read_bytes()


def _fast_directory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def _quiet_logs() -> Iterator[None]:
    known = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**known)
