"""A migration over a big table says now and then that it is still running."""

from queue import Queue

from actors.cli.upgrade_progress import RunningMigration, upgrade_progress

PATIENCE = 30


def test_each_migration_is_reported_as_it_begins() -> None:
    reported: list[RunningMigration] = []
    with upgrade_progress(reported.append) as announce:
        announce("048_feed", 1, 2)
        announce("049_api_keys", 2, 2)
    assert reported == [
        RunningMigration("048_feed", 1, 2, 0),
        RunningMigration("049_api_keys", 2, 2, 0),
    ]


def test_one_that_takes_long_is_reported_again_and_the_one_before_is_not() -> None:
    reported: Queue[RunningMigration] = Queue()
    with upgrade_progress(reported.put, every_seconds=0.001) as announce:
        announce("048_feed", 1, 2)
        announce("049_api_keys", 2, 2)
        names: list[str] = []
        while names.count("049_api_keys") < 3:
            names.append(reported.get(timeout=PATIENCE).name)
    assert names == sorted(names)
