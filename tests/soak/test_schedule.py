from dataclasses import replace

from tests.soak.faults.backup import MakeBackup, RestoreBackup
from tests.soak.faults.machine import ClockStep, DiskFull, NetworkLoss, SlowDisk
from tests.soak.faults.process import Kill, KillWorker, Restart, Suspend, Upgrade
from tests.soak.schedule import CALM_SECONDS, FIRST_AT, draw_faults, turns_of

FAULTS = (Kill, KillWorker, Suspend, Restart, Upgrade, NetworkLoss, ClockStep, SlowDisk)
KINDS = [each.kind for each in (*FAULTS, DiskFull, MakeBackup, RestoreBackup)]
SEEDS = range(20)


def test_a_seed_repeats_its_draw() -> None:
    assert draw_faults(7, 5, KINDS) == draw_faults(7, 5, KINDS)
    assert draw_faults(7, 5, KINDS) != draw_faults(8, 5, KINDS)


def test_half_an_hour_holds_every_kind_and_one_upgrade() -> None:
    names = [fault.kind.name for seed in SEEDS for fault in draw_faults(seed, 30, KINDS)]
    assert set(names) == {kind.name for kind in KINDS}
    assert names.count("upgrade") == len(SEEDS)


def test_faults_that_touch_the_same_thing_never_meet() -> None:
    for seed in SEEDS:
        drawn = draw_faults(seed, 30, KINDS)
        pairs = [(a, b) for n, a in enumerate(drawn) for b in drawn[n + 1 :]]
        assert [pair for pair in pairs if pair[0].clashes_with(pair[1])] == []
        assert any(a.ends_at > b.begins_at for a, b in pairs)


def test_a_run_begins_and_ends_in_calm() -> None:
    for seed in SEEDS:
        drawn = draw_faults(seed, 5, KINDS)
        assert min(each.begins_at for each in drawn) >= FIRST_AT
        assert max(each.ends_at for each in drawn) <= 5 * 60 - CALM_SECONDS


def test_each_fault_begins_and_ends_once_in_the_order_of_time() -> None:
    drawn = draw_faults(3, 5, KINDS)
    turns = turns_of(drawn)
    assert [turn.at for turn in turns] == sorted(turn.at for turn in turns)
    assert [turn.fault for turn in turns if turn.is_begin] == drawn
    assert len(turns) == 2 * len(drawn)


def test_nothing_is_drawn_from_nothing_but_what_comes_once() -> None:
    upgrade = replace(Upgrade.kind, seconds=(0.0, 0.0))
    (only,) = draw_faults(1, 5, [upgrade])
    assert only.kind == upgrade
