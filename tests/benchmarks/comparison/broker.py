"""The Redis database for Celery: it must be empty, or left by a killed run, and is left empty."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.support.servers import REDIS_VARIABLE

REDIS_URL = os.environ.get(REDIS_VARIABLE, "redis://127.0.0.1:6379/13")
OWNER_KEY = "moca-benchmark"
"""Marks the database as the comparison's, so that the next run may empty what a killed one left."""
_QUEUE = "celery"
_UNACKED = "unacked_index"


class NoBrokerError(Exception):
    """Raised if Celery cannot be compared; says why."""


@contextlib.contextmanager
def empty_broker() -> Iterator[None]:
    """Provide the database for a block.

    Raises:
        NoBrokerError: If the packages are not installed, Redis is unreachable, or the database
            holds keys of others.
    """
    try:
        import celery  # noqa: F401
        import redis
    except ImportError as error:
        raise NoBrokerError(f'{error}; pip install -e ".[benchmarks]"') from None
    with redis.Redis.from_url(REDIS_URL) as database:
        try:
            reserve(database)
        except redis.RedisError as error:
            raise NoBrokerError(f"Redis at {REDIS_URL}: {error}") from None
        try:
            yield
        finally:
            database.flushdb()


def reserve(database: Any) -> None:
    """Empty the database if a run marked it, and mark it.

    Raises:
        NoBrokerError: If it holds keys that no run of the comparison left.
    """
    if database.dbsize() and not database.exists(OWNER_KEY):
        raise NoBrokerError(f"{REDIS_URL} is not empty; set {REDIS_VARIABLE} to one that is")
    database.flushdb()
    database.set(OWNER_KEY, "left by a run that was killed, unless one is running")


def clear() -> None:
    """Empty the database between two contestants."""
    with _database() as database:
        reserve(database)


def drop_the_backlog() -> None:
    """Drop what no worker has begun, so that the next contestant has the machine alone."""
    with _database() as database:
        database.delete(_QUEUE)


def let_the_timeout_pass() -> None:
    """Return what killed workers held, as Celery itself does one visibility timeout later."""
    import kombu

    with _database() as database, kombu.Connection(REDIS_URL) as connection:
        for tag in database.zrange(_UNACKED, 0, -1):
            connection.default_channel.qos.restore_by_tag(tag.decode())


def _database() -> Any:
    import redis

    return redis.Redis.from_url(REDIS_URL)
