"""The database cannot be written for a while: nothing is acknowledged, nothing is forgotten."""

import peewee
import pytest

from moca.core.inbound.events import InboundMessage
from moca.core.outbox.delivery import AccountStopped
from tests.support.factory import ANNA


class Outage:
    """A writer that cannot write while it lasts."""

    def __init__(self, writer) -> None:
        self.writer = writer
        self.lasts = False

    def apply(self, commands):
        self._suffer()
        return self.writer.apply(commands)

    def probe(self):
        self._suffer()
        self.writer.probe()

    def close(self):
        self.writer.close()

    def _suffer(self):
        if self.lasts:
            raise peewee.OperationalError("database or disk is full")


@pytest.fixture
def outage(open_house):
    outages = []

    def wrap(writer):
        outages.append(Outage(writer))
        return outages[-1]

    house = open_house(wrap_writer=wrap)
    house.settle()
    return house, outages[0]


def test_a_webhook_that_cannot_be_stored_is_not_acknowledged(outage) -> None:
    house, disk = outage
    disk.lasts = True
    receipt = house.posts(InboundMessage(contact=ANNA, mid="m1", text="hi"))
    house.settle()
    assert isinstance(receipt.exception(0), peewee.OperationalError)
    assert house.system.ailments().database == "cannot be written: OperationalError"


def test_it_is_well_again_by_itself_when_the_disk_is(outage) -> None:
    house, disk = outage
    disk.lasts = True
    house.posts(InboundMessage(contact=ANNA, mid="m1", text="hi"))
    house.settle()
    disk.lasts = False

    assert house.system.ailments().database is None
    mid = house.hears("hi", mid="m1")
    house.passes(10)
    assert house.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("begins_after", [0, 4.9, 5, 5.01, 6])
def test_an_outage_on_the_way_delays_the_answer_and_doubles_nothing(outage, begins_after) -> None:
    house, disk = outage
    mid = house.hears("hi")
    house.passes(begins_after)
    disk.lasts = True
    house.passes(30)
    disk.lasts = False
    house.passes(60)
    assert len(house.instagram.reached) == 1
    assert house.outcome(mid)[0] == "answered"


def test_a_dead_token_is_told_until_a_reply_goes_again(house) -> None:
    house.instagram.next_results.append(AccountStopped("the token is dead (190)"))
    house.hears("hi")
    house.passes(10)
    assert house.system.ailments().accounts == {ANNA.account_id: "the token is dead (190)"}
    house.passes(60)
    assert house.system.ailments().accounts == {}
