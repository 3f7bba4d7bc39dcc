import json
from datetime import datetime, timedelta

import peewee

from moca import clock
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, QueueItem

ACCOUNT = "17841400000000001"
REPLY = "This would be an AI generated message"


class BrowserBackend:
    """Stores what the sandbox sends, and advances it as the actors would when a test asks."""

    def __init__(self, database: peewee.Database) -> None:
        self.database = database
        self.told: list[object] = []
        accounts = SandboxAccounts(ACCOUNT, "sandbox-access-token")
        self.sandbox = SandboxInstagram(accounts, self.take_in)

    def take_in(self, body: bytes) -> None:
        """Store a webhook's message with its first steps."""
        messaging = json.loads(body)["entry"][0]["messaging"][0]
        if messaging["message"].get("is_echo"):
            return
        with self.database.connection_context():
            self._store(messaging["sender"]["id"], messaging["message"])

    def _store(self, psid: str, message: dict[str, str]) -> None:
        at = clock.now()
        contact = Contact.get_or_none(psid=psid) or Contact.create(
            account_id=ACCOUNT, psid=psid, name=None, created_at=at, last_seen_at=at
        )
        conversation = Conversation.get_or_none(contact=contact) or Conversation.create(
            contact=contact, created_at=at, last_activity_at=at
        )
        stored = Message.create(
            conversation=conversation,
            account_id=ACCOUNT,
            mid=message["mid"],
            role="user",
            text=message["text"],
            created_at=at,
        )
        step(stored, at, "reception", "received", "the 24 h window runs from Instagram's time")
        step(stored, at + timedelta(milliseconds=4), "storage", "stored", "with its raw webhook")
        step(stored, at + timedelta(milliseconds=9), "deduplication", "passed", "not a repeat")

    def answer(self, mid: str) -> None:
        """Answer a message through to its echo, as if five seconds had passed."""
        with self.database.connection_context():
            question = Message.get(mid=mid)
            contact = question.conversation.contact
            at = question.created_at
            sent = self.sandbox.thread(contact.psid)[-1].mid
            reply = Message.create(
                conversation=question.conversation,
                account_id=ACCOUNT,
                mid=sent,
                role="assistant",
                author="bot",
                text=REPLY,
                status="sent",
                created_at=at + timedelta(seconds=5.06),
                sent_at=at + timedelta(seconds=5.3),
            )
            QueueItem.create(
                message=reply,
                conversation=question.conversation,
                status="sent",
                scheduled_for=at,
                created_at=at + timedelta(seconds=5.06),
                sending_at=at + timedelta(seconds=5.1),
                sent_at=at + timedelta(seconds=5.3),
                echoed_at=at + timedelta(seconds=5.4),
            )
            for seconds, stage, outcome, detail in (
                (5.01, "debounce", "passed", "1 message gathered in 5 s"),
                (5.05, "generation", "generated", "mock generator, attempt 1"),
                (5.06, "queue", "queued", "normal priority, due now"),
            ):
                step(question, at + timedelta(seconds=seconds), stage, outcome, detail)
            for seconds, stage, outcome, detail in (
                (5.1, "sending", "claimed", "attempt 1"),
                (5.3, "sending", "sent", "Instagram took it and named it"),
                (5.4, "delivery", "echoed", "Instagram's echo came back"),
            ):
                step(reply, at + timedelta(seconds=seconds), stage, outcome, detail)
            step(question, at + timedelta(seconds=5.31), "outcome", "answered", "by the bot")
            question.processed, question.outcome = True, "answered"
            question.because, question.reply = f"answered by {sent[:12]}…", reply
            question.save()

    def end(self, mid: str, outcome: str, because: str) -> None:
        """End a message without an answer."""
        with self.database.connection_context():
            question = Message.get(mid=mid)
            question.processed, question.outcome, question.because = True, outcome, because
            question.save()
            stage = "deduplication" if outcome == "duplicate" else "outcome"
            step(question, clock.now(), stage, outcome, because)


def step(message: Message, at: datetime, stage: str, outcome: str, detail: str = "") -> None:
    JourneyStep.create(message=message, at=at, stage=stage, outcome=outcome, detail=detail)
