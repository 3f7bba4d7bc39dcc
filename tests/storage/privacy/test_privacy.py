import json
from concurrent.futures import Future
from datetime import datetime, timedelta

import pytest

from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import AccountChanged, StoreAccount
from moca.core.messages.command import Done
from moca.core.messages.housekeeping import ApplyRetention, EraseOnDeletionRequest, RetentionApplied
from moca.core.messages.operator_actions import ContactErased, EraseContact
from moca.core.messages.operators import AddNote, AuditedCommand
from moca.core.messages.saved_replies import AddSavedReply
from moca.core.types import ContactKey
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.privacy_tables import PendingRedaction
from moca.storage.db.tables import (
    Contact,
    Conversation,
    Message,
    QueueItem,
    Webhook,
)
from moca.storage.queries.contacts import DeletionRecord, export_contact, find_deletion
from tests.storage.desk import Desk, echoed, webhook, wrote
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import present

DAY = 86_400


def body_of(contact: ContactKey, text: str = "x") -> bytes:
    told = f'{{"id":"{contact.account_id}","psid":"{contact.psid}","text":"{text}"}}'
    return told.encode()


def bodies() -> list[bytes]:
    return sorted(bytes(row.body) for row in Webhook.select())


def keep(
    desk: Desk,
    *,
    before: datetime | None = None,
    portion: int = 500,
    seconds: float = 100,
    audit_before: datetime | None = None,
) -> int:
    """Run retention until nothing is left to do; return how many portions that took."""
    for count in range(1, 100):
        events = desk.do(ApplyRetention(at(seconds), before, portion, audit_before))
        if RetentionApplied(has_more=False) in events:
            return count
    raise AssertionError("it never ends")


def does_something(desk: Desk, *, about: str = "", seconds: float = 0) -> None:
    desk.do(
        AuditedCommand(
            AddSavedReply(f"{about} {seconds}", "", "Hello!", receipt=Future()),
            "Ada",
            "changed the conversation",
            about,
            at(seconds),
        )
    )


def test_erasing_takes_every_body_that_names_the_contact(desk: Desk) -> None:
    desk.do(webhook(wrote("m1"), body=body_of(ANNA)))
    reply = desk.queue(Message.get().id)
    desk.send(reply)
    desk.do(webhook(echoed("r1", "hi"), body=body_of(ANNA, "echo"), seconds=8))
    desk.do(webhook(wrote("m1"), body=body_of(ANNA, "again"), seconds=9))
    desk.do(webhook(body=body_of(ANNA, "an event not known")))
    desk.do(webhook(wrote("m2", contact=BEN), body=body_of(BEN)))
    assert desk.answers(EraseContact(ANNA, NOON, receipt=Future())) == [Done()]
    keep(desk)
    assert bodies() == [body_of(BEN)]
    assert [row.psid for row in Contact.select()] == [BEN.psid]
    assert PendingRedaction.select().count() == 0


def test_a_search_goes_in_portions_and_ends(desk: Desk) -> None:
    desk.do(webhook(wrote("m1"), body=body_of(ANNA)))
    for number in range(25):
        desk.do(webhook(body=body_of(ANNA if number % 2 else BEN, str(number))))
    desk.do(EraseContact(ANNA, NOON))
    assert keep(desk, portion=5) == 7
    assert all(BEN.psid.encode() in body for body in bodies())
    assert len(bodies()) == 13


def test_what_comes_after_the_erasure_is_kept(desk: Desk) -> None:
    desk.do(webhook(wrote("m1"), body=body_of(ANNA)))
    desk.do(EraseContact(ANNA, NOON))
    desk.do(webhook(wrote("m9"), body=body_of(ANNA, "later")))
    keep(desk)
    assert bodies() == [body_of(ANNA, "later")]


def test_a_contact_s_own_request_erases_the_contact(desk: Desk) -> None:
    desk.do(webhook(wrote("m1"), body=body_of(ANNA)))
    desk.do(webhook(wrote("m2", contact=BEN), body=body_of(BEN)))
    events = desk.do(EraseOnDeletionRequest(ANNA.psid, "the-code", at(50), receipt=Future()))
    assert list(events) == [ContactErased(ANNA, ())]
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), None)
    keep(desk)
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), at(100))
    assert bodies() == [body_of(BEN)]


def test_an_owner_s_request_erases_the_account_and_all_its_contacts(desk: Desk) -> None:
    token = SealedToken("sealed", at(0), at(0) + timedelta(days=60))
    desk.do(StoreAccount(Account(account_id=ANNA.account_id, app_user_id="900"), token, at(0)))
    other = ContactKey("17841400000000009", "28978671838402999")
    for number, contact in enumerate((ANNA, BEN, other)):
        desk.do(webhook(wrote(f"m{number}", contact=contact), body=body_of(contact)))
    events = desk.do(EraseOnDeletionRequest("900", "the-code", at(50)))
    assert list(events) == [AccountChanged(ANNA.account_id, is_usable=False)]
    keep(desk, portion=1)
    assert bodies() == [body_of(other)]
    assert [row.psid for row in Contact.select()] == [other.psid]
    assert present(find_deletion("the-code")).completed_at == at(100)


def test_a_request_of_somebody_unknown_is_done_at_once(desk: Desk) -> None:
    desk.do(EraseOnDeletionRequest("12345", "the-code", at(50)))
    keep(desk)
    assert present(find_deletion("the-code")).completed_at == at(100)
    assert find_deletion("another") is None


@pytest.fixture
def old_talk(desk: Desk) -> Desk:
    """Anna asked ten days ago and was answered; Ben asked then and was not."""
    desk.do(webhook(wrote("m1"), body=body_of(ANNA)))
    first = Message.get(Message.mid == "m1")
    desk.send(desk.queue(first.id))
    desk.do(webhook(wrote("m2", contact=BEN), body=body_of(BEN)))
    return desk


def test_what_ended_before_the_retention_is_deleted(old_talk: Desk) -> None:
    keep(old_talk, before=at(10 * DAY), portion=1)
    assert [row.mid for row in Message.select()] == ["m2"]
    assert bodies() == [body_of(BEN)]
    assert [row.psid for row in Contact.select()] == [BEN.psid]
    assert QueueItem.select().count() == 0


def test_what_is_younger_stays(old_talk: Desk) -> None:
    keep(old_talk, before=at(0) - timedelta(days=1))
    assert Message.select().count() == 3
    assert len(bodies()) == 2


def test_who_did_what_is_forgotten_in_portions_and_only_what_is_older(desk: Desk) -> None:
    for days in range(5):
        does_something(desk, about=f"{days}", seconds=days * DAY)
    assert keep(desk, portion=2, audit_before=at(3 * DAY)) == 3
    assert [row.about for row in AuditEntry.select()] == ["3", "4"]


def test_who_did_what_outlasts_what_was_said(desk: Desk) -> None:
    does_something(desk)
    keep(desk, before=at(10 * DAY))
    assert AuditEntry.select().count() == 1


@pytest.mark.parametrize("how_far", ["pending", "sending"])
def test_what_is_not_settled_stays_however_old(desk: Desk, how_far: str) -> None:
    asked = desk.receive("m1")
    reply = desk.queue(asked)
    if how_far == "sending":
        desk.claim(reply)
    keep(desk, before=at(10 * DAY))
    assert QueueItem.get().status == how_far
    assert {row.role for row in Message.select()} == {"user", "assistant"}
    assert (Conversation.select().count(), Webhook.select().count()) == (1, 1)


def test_an_export_tells_all_of_one_contact_and_nothing_of_another(desk: Desk) -> None:
    desk.receive("m1", "hello from anna")
    desk.receive("m2", "hello from ben", contact=BEN)
    exported = present(export_contact(ANNA))
    assert exported["contact"]["psid"] == ANNA.psid
    (conversation,) = exported["conversations"]
    (message,) = conversation["messages"]
    assert (message["mid"], message["text"]) == ("m1", "hello from anna")
    assert [step["stage"] for step in message["journey"]] == ["reception", "storage"]
    assert "ben" not in str(exported)


def test_an_export_tells_notes_queue_items_and_what_webhooks_told(desk: Desk) -> None:
    of_anna, of_ben = (
        {"sender": {"id": contact.psid}, "message": {"mid": mid, "text": mid}}
        for contact, mid in ((ANNA, "m1"), (BEN, "m2"))
    )
    body = json.dumps({"entry": [{"messaging": [of_anna, of_ben]}]}).encode()
    desk.do(webhook(wrote("m1"), wrote("m2", contact=BEN), body=body))
    first = Message.get(Message.mid == "m1")
    reply = desk.queue(first.id)
    desk.do(AddNote(first.conversation.id, "Ada", "a note on anna", at(9), receipt=Future()))
    exported = present(export_contact(ANNA))
    (conversation,) = exported["conversations"]
    assert [note["text"] for note in conversation["notes"]] == ["a note on anna"]
    assert [item["id"] for item in conversation["queue_items"]] == [reply.item_id]
    assert exported["webhooks"] == [{"received_at": at(0).isoformat(), "items": [of_anna]}]


def test_nothing_is_exported_of_a_contact_unknown(desk: Desk) -> None:
    assert export_contact(ContactKey("1", "2")) is None
