import time

import pytest

from actors.cluster.seats import LEASE, Seats


def test_a_lease_runs_out_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {time.CLOCK_BOOTTIME: 1000.0, time.CLOCK_MONOTONIC: 500.0}
    monkeypatch.setattr(time, "clock_gettime", clocks.__getitem__)
    seats = Seats(partitions=4)
    seats.extend_lease(seats.monotonic())
    clocks[time.CLOCK_BOOTTIME] += LEASE.total_seconds() - 0.1
    assert seats.may_send()
    clocks[time.CLOCK_BOOTTIME] += 0.2
    assert not seats.may_send()
