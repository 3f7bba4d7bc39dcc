from moca.core.outbox.read_budget import ReadBudget
from tests.support.factory import at


def test_an_account_is_read_so_often_a_second_and_no_oftener() -> None:
    reads = ReadBudget(2)

    assert [reads.take("a", at(0)) for _ in range(3)] == [True, True, False]
    assert reads.take("a", at(1))


def test_accounts_are_read_without_regard_to_one_another() -> None:
    reads = ReadBudget(2)
    reads.count("a", at(0), 2)

    assert reads.take("b", at(0))


def test_who_must_read_is_told_when() -> None:
    reads = ReadBudget(2)
    reads.take("a", at(0.5))

    assert reads.free_at("a", at(0.6), 2) == at(1.5)
    assert reads.free_at("a", at(1.5), 2) == at(1.5)


def test_who_may_go_without_does_not_starve_who_must_read() -> None:
    reads = ReadBudget(2)
    reads.take("a", at(0))

    assert reads.free_at("a", at(0.9), 2) == at(1)
    assert not reads.take("a", at(1))
    reads.count("a", at(1.1), 2)
    assert reads.take("a", at(2.1))


def test_who_stopped_waiting_holds_up_nobody_for_long() -> None:
    reads = ReadBudget(2)
    reads.take("a", at(0))
    reads.free_at("a", at(0.9), 2)

    assert reads.take("a", at(2))


def test_accounts_not_read_for_long_are_forgotten() -> None:
    reads = ReadBudget(2)
    for number in range(5000):
        reads.take(str(number), at(0))

    assert len(reads._windows) == 1000
