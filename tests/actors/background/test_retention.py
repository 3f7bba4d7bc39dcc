from concurrent.futures import Future
from datetime import timedelta

from actors.background.jobs import Keeping
from moca import clock
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.operator_actions import EraseContact, FreezeQueue
from moca.core.messages.operators import Deed, MarkLoginSeen, OpenLinkSession, RecordAudit
from moca.storage.db.operator_tables import AuditEntry, Login
from moca.storage.db.tables import Contact, Message, Webhook
from tests.support.factory import ANNA

NAMES_ANNA = f'{{"account":"{ANNA.account_id}","from":"{ANNA.psid}"}}'.encode()


def kept(house):
    with house._database.connection_context():
        return tuple(table.select().count() for table in (Contact, Message, Webhook))


def deeds(house):
    with house._database.connection_context():
        return [row.what for row in AuditEntry.select()]


def test_bodies_that_only_name_an_erased_contact_go_by_and_by(open_house):
    house = open_house(keeping=Keeping(erases=True))
    house.hears("hello")
    house.system.tell(RecordWebhook(NAMES_ANNA, (), clock.now()))
    house.system.tell(EraseContact(ANNA))
    house.settle()
    assert kept(house) == (0, 0, 1)
    house.passes(61)
    assert kept(house) == (0, 0, 0)


def test_what_ended_is_forgotten_after_the_retention_and_not_before(open_house):
    house = open_house(keeping=Keeping(erases=True, retention=timedelta(minutes=5)))
    house.hears("hello")
    house.passes(240)
    assert kept(house) == (1, 2, 1)
    house.passes(200)
    assert kept(house) == (0, 0, 0)


def test_who_did_what_is_forgotten_in_its_own_time(open_house):
    house = open_house(keeping=Keeping(erases=True, audit=timedelta(minutes=5)))
    now = clock.now()
    house.system.tell(Deed(FreezeQueue(now, Future()), "Ada", "froze the queue", "", now))
    house.passes(240)
    assert deeds(house) == ["froze the queue"]
    house.passes(120)
    assert deeds(house) == []


def test_without_a_retention_everything_is_kept(open_house):
    house = open_house(keeping=Keeping(erases=True))
    house.hears("hello")
    house.passes(440)
    assert kept(house) == (1, 2, 1)


def test_what_no_command_did_is_audited_and_browsers_are_marked_as_seen(open_house):
    house = open_house()
    now, later = clock.now(), clock.now() + timedelta(minutes=10)
    until = now + timedelta(days=30)
    house.system.tell(OpenLinkSession("key", "hash", "192.0.2.1", now, until))
    house.system.tell(MarkLoginSeen(1, later))
    house.system.tell(RecordAudit("system", "refused a login", "from 192.0.2.1", now))
    house.settle()

    assert deeds(house) == ["refused a login"]
    with house._database.connection_context():
        assert [row.seen_at for row in Login.select()] == [later]
