"""The Redis database for Celery: it must be empty, and is left empty."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

REDIS_URL = os.environ.get("MOCA_BENCHMARK_REDIS", "redis://127.0.0.1:6379/13")
_QUEUE = "celery"
_UNACKED = "unacked_index"


class NoBrokerError(Exception):
    """Raised if Celery cannot be compared; says why."""


@contextlib.contextmanager
def empty_broker() -> Iterator[None]:
    """Provide the database for a block.

    Raises:
        NoBrokerError: If the packages are not installed, or Redis is unreachable or not empty.
    """
    try:
        import celery  # noqa: F401
        import redis
    except ImportError as error:
        raise NoBrokerError(f'{error}; pip install -e ".[benchmarks]"') from None
    with redis.Redis.from_url(REDIS_URL) as database:
        try:
            held = database.dbsize()
        except redis.RedisError as error:
            raise NoBrokerError(f"Redis at {REDIS_URL}: {error}") from None
        if held:
            raise NoBrokerError(
                f"{REDIS_URL} is not empty; set MOCA_BENCHMARK_REDIS to one that is"
            )
        try:
            yield
        finally:
            database.flushdb()


def clear() -> None:
    """Empty the database between two contestants."""
    with _database() as database:
        database.flushdb()


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
