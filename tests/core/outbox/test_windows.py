"""Which replies are loaded into memory, where a contact's replies wait in several channels."""

from moca.core.outbox.backlog import fill_windows

TURNS = {"text": [(1, 1), (1, 4), (1, 6)], "media": [(1, 2), (1, 3), (1, 5)]}


def test_each_channel_has_its_first() -> None:
    filled = fill_windows(TURNS, {}, frozenset(), 2)
    assert filled == {"text": [(1, 1), (1, 4)], "media": [(1, 2), (1, 3)]}


def test_what_waits_for_a_reply_on_disk_leaves_its_place_to_the_next() -> None:
    filled = fill_windows(TURNS, {1: [0]}, frozenset(), 2)
    assert filled == {"text": [(1, 4), (1, 6)], "media": [(1, 2), (1, 3)]}


def test_what_waits_for_a_reply_in_memory_is_loaded() -> None:
    filled = fill_windows(TURNS, {1: [0], 4: [2]}, frozenset({0}), 2)
    assert filled == {"text": [(1, 1), (1, 4)], "media": [(1, 2), (1, 3)]}


def test_what_waits_for_a_reply_that_finds_no_room_waits_on_disk_too() -> None:
    filled = fill_windows(TURNS, {6: [3]}, frozenset(), 1)
    assert filled == {"text": [(1, 1)], "media": [(1, 2)]}
    filled = fill_windows(TURNS, {4: [2], 6: [5]}, frozenset(), 2)
    assert filled == {"text": [(1, 1), (1, 4)], "media": [(1, 2), (1, 3)]}
    filled = fill_windows(TURNS, {1: [0], 4: [5], 6: [5]}, frozenset(), 2)
    assert filled == {"text": [], "media": [(1, 2), (1, 3)]}


def test_what_is_in_memory_keeps_its_place() -> None:
    filled = fill_windows(TURNS, {1: [0], 2: [1]}, frozenset({1}), 1)
    assert filled == {"text": [(1, 1)], "media": [(1, 2)]}
