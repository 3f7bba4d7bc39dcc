"""Two accounts with a bit of everything, of which one must not be seen."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import peewee
from flask.testing import FlaskClient

from moca.core.types import OperatorRole
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.metric_tables import (
    AccountMetric,
    ArrivalHour,
    MinuteMetric,
    ReconciledAccount,
    ReportHour,
)
from moca.storage.db.operator_tables import (
    ApiKey,
    AuditEntry,
    ConversationLabel,
    Label,
    Login,
    Mention,
    Note,
    Operator,
    OperatorAccount,
    SavedReply,
    Upload,
)
from moca.storage.db.schema import TABLES
from moca.storage.db.tables import AccountRest, Event
from moca.web.app import create_app
from moca.web.auth.api_keys import hash_api_key
from moca.web.config import Health, WebConfig, WebPorts
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.support.databases import run_sql
from tests.web.api.test_accounts import an_account
from tests.web.desk import WebDesk
from tests.web.rows import AT, a_contact, a_conversation, a_question, a_reply, a_step, an_item

AGENT, COLLEAGUE = 1, 2
_VOLATILE = ("login", "api_key")


@dataclass(frozen=True)
class Side:
    """An account; its word and the beginning of its row ids are in all that is its own."""

    account_id: str
    psid: str
    word: str
    ids: int

    @property
    def mid(self) -> str:
        """The question's."""
        return f"{self.word}-1"

    @property
    def markers(self) -> tuple[str, str, str, str]:
        """What must not occur in what others are answered."""
        return (self.word, self.account_id, self.psid, str(self.ids)[:-1])


OURS = Side("17841400000000001", "7001234567", "amber", 4440001)
THEIRS = Side("17841499999999999", "6661234567", "zebra", 5550001)
NUMBERS = {"pending": 1, "held": 2, "failed": 3, "unknown": 4, "sent": 5}
"""The places of a side's queue items among its row ids."""


def item_id(side: Side, status: str) -> int:
    return side.ids + NUMBERS[status] + 1


def fill(side: Side) -> None:
    """Store an account with conversations, replies of every status, notes and figures."""
    an_account(account_id=side.account_id, username=f"{side.word}_shop", name=f"{side.word} shop")
    names = {"name": f"Ada {side.word}", "username": f"ada_{side.word}"}
    contact = a_contact(side.psid, account_id=side.account_id, id=side.ids, **names)
    needs = {"needs_reply_since": AT, "last_user_message_at": AT, "assignee_id": AGENT}
    told = {"account_id": side.account_id}
    talk = a_conversation(contact, id=side.ids, **needs)
    a_conversation(contact, id=side.ids + 1, status="closed")
    text = f"a secret {side.word}"
    question = a_question(talk, side.mid, id=side.ids, text=text, **told)
    a_step(question, 1, "storage", "stored", text)
    for status, place in NUMBERS.items():
        row = {"id": side.ids + place + 1}
        more = {"mid": f"{side.word}-sent", "sent_at": AT} if status == "sent" else {}
        stored = {"pending": "queued"}.get(status, status)
        reply = a_reply(talk, stored, text=f"{text} {status}", **told, **row, **more)
        an_item(reply, status, because=text, **row)
    file = {"mime_type": "image/png", "suffix": ".png", "size": 1, "created_at": AT}
    owned = {"id": side.ids, "token": side.word, "file": side.word, "message": side.ids + 6}
    Upload.create(name=f"{side.word}.png", media="image", **file, **owned)
    note = Note.create(
        id=side.ids, conversation=talk, author="ben", text=f"@ada {side.word}", created_at=AT
    )
    Mention.create(note=note, operator=AGENT, conversation=talk)
    ConversationLabel.create(conversation=talk, label=1, last_activity_at=AT)
    key = f"{side.word}-event"
    detail = json.dumps({"emoji": side.word})
    Event.create(
        kind="reaction", psid=side.psid, mid=side.mid, key=key, at=AT, detail=detail, **told
    )
    for event in ("message.received", "account.quiet"):
        is_message = event == "message.received"
        about = {"message_id": side.ids} if is_message else told
        detail = json.dumps({"because": side.word})
        StoredFeedEvent.create(kind=event, at=AT, detail=detail, **about)
    ReportHour.create(hour=AT, measure="replies", subject=side.word, bucket=0, count=3, **told)
    figure = {"minute": AT, "name": "outcome.answered"}
    AccountMetric.create(**figure, **told, count=side.ids)
    MinuteMetric.insert(**figure, count=side.ids).on_conflict_ignore().execute()
    ArrivalHour.create(hour=AT, delivered=2, missed=1, **told)
    quiet = {"quiet_since_at": AT, "quiet_because": f"{side.word} is quiet"}
    ReconciledAccount.create(**told, **quiet)
    rests_until = AT + timedelta(hours=1)
    AccountRest.create(rests_until=rests_until, problem=f"{side.word} stopped", **told)
    AuditEntry.create(at=AT, who="ben", what=side.word, about=f"conversation {side.ids}")


class SharedInbox:
    """Moca with these accounts, an agent, and a key that manages, both limited to some or not."""

    def __init__(
        self,
        database: peewee.Database,
        config: WebConfig,
        sides: tuple[Side, ...],
        limits: tuple[Side, ...] = (),
    ) -> None:
        self.database = database
        Label.create(name="vip", folded_name="vip", colour="grey")
        SavedReply.create(name="Hello", text="Hello!")
        for name in ("ada", "ben"):
            role = OperatorRole.ANSWERS
            Operator.create(
                name=name, folded_name=name, role=role, password_hash="x", created_at=AT
            )
        for side in sides:
            fill(side)
        index_all(Desk(database))
        self.limit(*limits)
        accounts = " ".join(side.account_id for side in limits)
        told = {"name": "key", "created_at": AT, "account_ids": accounts}
        ApiKey.create(**told, role=OperatorRole.ADMINISTERS, key_hash=hash_api_key("moca_key"))
        health = Health(accounts={side.account_id: f"{side.word} is ill" for side in sides})
        ports = WebPorts(
            database=database,
            tell=WebDesk(database).tell,
            health=lambda: health,
            unsubscribe=lambda _account_id: None,
        )
        self.app = create_app(ports, config)
        self._session = count()

    def limit(self, *sides: Side) -> None:
        """Limit the agent to these accounts from now on."""
        OperatorAccount.delete().execute()
        for side in sides:
            OperatorAccount.create(operator=AGENT, account_id=side.account_id)

    def agent(self, operator_id: int = AGENT) -> FlaskClient:
        """Return a browser in which the agent is logged in."""
        secret = f"session {next(self._session)}"
        until = AT + timedelta(days=1)
        key = hashlib.sha256(secret.encode()).hexdigest()
        Login.create(key=key, operator=operator_id, opened_at=AT, seen_at=AT, ends_at=until)
        client = self.app.test_client()
        client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        client.set_cookie("moca_session", secret)
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        return client

    def key(self) -> FlaskClient:
        """Return a program with the key."""
        client = self.app.test_client()
        client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer moca_key"
        return client

    def rows(self) -> dict[str, Any]:
        """Return all that is stored, but for when sessions and keys were last used."""
        names = [table._meta.table_name for table in TABLES]
        return {
            name: run_sql(self.database, f'SELECT * FROM "{name}"').fetchall()
            for name in names
            if name not in _VOLATILE
        }
