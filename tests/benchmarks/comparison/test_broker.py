import pytest

from tests.benchmarks.comparison.broker import OWNER_KEY, NoBrokerError, reserve
from tests.benchmarks.comparison.contestants import Plan, environment_of
from tests.benchmarks.support.servers import REDIS_VARIABLE


class FakeRedisDatabase:
    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)

    def dbsize(self) -> int:
        return len(self.keys)

    def exists(self, key: str) -> int:
        return int(key in self.keys)

    def flushdb(self) -> None:
        self.keys.clear()

    def set(self, key: str, _value: str) -> None:
        self.keys.add(key)


def test_what_a_killed_run_left_is_deleted() -> None:
    database = FakeRedisDatabase()
    reserve(database)
    database.keys |= {"celery", "unacked"}
    reserve(database)
    assert database.keys == {OWNER_KEY}


def test_the_keys_of_others_are_left_alone() -> None:
    database = FakeRedisDatabase("celery")
    with pytest.raises(NoBrokerError, match=REDIS_VARIABLE):
        reserve(database)
    assert database.keys == {"celery"}


def test_moca_does_not_see_which_redis_the_benchmark_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REDIS_VARIABLE, "redis://127.0.0.1:6379/9")
    assert REDIS_VARIABLE not in environment_of(Plan([]))
