"""The database is read-only for a while: nothing is acknowledged, nothing is lost."""

from collections.abc import Callable

import peewee
import pytest

from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Command
from moca.core.outbox.delivery import AccountStopped
from moca.storage.writer import Writer, Written
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem


class FailingWriter:
    """A writer that fails during the outage."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.lasts = False

    def apply(self, commands: list[Command]) -> Written:
        self._suffer()
        return self.writer.apply(commands)

    def probe(self) -> None:
        self._suffer()
        self.writer.probe()

    def close(self) -> None:
        self.writer.close()

    def _suffer(self) -> None:
        if self.lasts:
            raise peewee.OperationalError("database or disk is full")


@pytest.fixture
def outage(open_system: Callable[..., SteppedSystem]) -> tuple[SteppedSystem, FailingWriter]:
    outages = []

    def wrap(writer: Writer) -> FailingWriter:
        outages.append(FailingWriter(writer))
        return outages[-1]

    system = open_system(wrap_writer=wrap)
    system.settle()
    return system, outages[0]


def test_a_webhook_that_cannot_be_stored_is_not_acknowledged(
    outage: tuple[SteppedSystem, FailingWriter],
) -> None:
    system, disk = outage
    disk.lasts = True
    receipt = system.post(InboundMessage(contact=ANNA, mid="m1", text="hi"))
    system.settle()
    assert isinstance(receipt.exception(0), peewee.OperationalError)
    assert system.actors.health_problems().database == "cannot be written: OperationalError"


def test_it_is_well_again_by_itself_when_the_disk_is(
    outage: tuple[SteppedSystem, FailingWriter],
) -> None:
    system, disk = outage
    disk.lasts = True
    system.post(InboundMessage(contact=ANNA, mid="m1", text="hi"))
    system.settle()
    disk.lasts = False

    assert system.actors.health_problems().database is None
    mid = system.receive("hi", mid="m1")
    system.advance(10)
    assert system.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("begins_after", [0, 4.9, 5, 5.01, 6])
def test_an_outage_on_the_way_delays_the_answer_and_doubles_nothing(
    outage: tuple[SteppedSystem, FailingWriter], begins_after: float
) -> None:
    system, disk = outage
    mid = system.receive("hi")
    system.advance(begins_after)
    disk.lasts = True
    system.advance(30)
    disk.lasts = False
    system.advance(60)
    assert len(system.instagram.reached) == 1
    assert system.outcome(mid)[0] == "answered"


def test_a_dead_token_is_told_until_a_reply_goes_again(system: SteppedSystem) -> None:
    system.instagram.next_results.append(AccountStopped("the token is dead (190)"))
    system.receive("hi")
    system.advance(10)
    assert system.actors.health_problems().accounts == {ANNA.account_id: "the token is dead (190)"}
    system.advance(60)
    assert system.actors.health_problems().accounts == {}
