from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moca.core.messages.command import Done, NotFound
from moca.core.messages.push import (
    KeepPushKey,
    PushesTaken,
    RemovePushSubscription,
    SubscribePush,
    TakePushes,
    UnsubscribePush,
)
from moca.core.push import STALE_AFTER, Push, PushKind
from moca.storage.db.operator_tables import Login
from moca.storage.db.push_tables import PUSH_KEY, PushTarget, QueuedPush
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.secret import KeptSecret
from moca.storage.db.tables import Contact, Conversation
from moca.storage.handlers import handles
from moca.storage.queries.team.push import list_subscriptions
from moca.storage.unit_of_work import Batch

MAX_BROWSERS = 10
"""Of one operator; a further one takes the place of the oldest."""


@handles(TakePushes)
def take_pushes(batch: Batch, commands: Sequence[TakePushes]) -> None:
    """Delete the oldest push messages, and report those that are still news."""
    for command in commands:
        query = QueuedPush.select(
            QueuedPush,
            Contact.account_id,
            Contact.name,
            Contact.username,
            Contact.psid,
            Conversation.assignee_id,
        )
        rows = list(
            read_dicts(
                query.join(Conversation).join(Contact).order_by(QueuedPush.id).limit(command.limit)
            )
        )
        if not rows:
            continue
        QueuedPush.delete().where(QueuedPush.id << [row["id"] for row in rows]).execute()
        fresh = [row for row in rows if abs(command.at - row["created_at"]) < STALE_AFTER]
        batch.tell(PushesTaken(tuple(_push(row, command.at) for row in fresh)))


@handles(SubscribePush)
def subscribe(batch: Batch, commands: Sequence[SubscribePush]) -> None:
    """Store browsers of operators' sessions; one that was another session's changes over."""
    for command in commands:
        operator_id = _operator_of(command.login_id)
        if operator_id is None:
            batch.answer(command.receipt, NotFound())
            continue
        is_own = PushTarget.login == command.login_id
        is_same = (PushTarget.endpoint == command.endpoint) | is_own
        PushTarget.delete().where(is_same).execute()
        target_id = PushTarget.insert(
            login=command.login_id,
            endpoint=command.endpoint,
            p256dh=command.keys.p256dh,
            auth=command.keys.auth,
            created_at=command.at,
        ).execute()
        _limit_browsers(operator_id)
        batch.answer(command.receipt, Done(target_id))


@handles(UnsubscribePush)
def unsubscribe(batch: Batch, commands: Sequence[UnsubscribePush]) -> None:
    """Forget the browsers of sessions; none is not an error."""
    for command in commands:
        PushTarget.delete().where(PushTarget.login == command.login_id).execute()
        batch.answer(command.receipt, Done())


@handles(RemovePushSubscription)
def remove_subscriptions(_batch: Batch, commands: Sequence[RemovePushSubscription]) -> None:
    """Forget browsers that their push services no longer know."""
    ids = [command.subscription_id for command in commands]
    PushTarget.delete().where(PushTarget.id << ids).execute()


@handles(KeepPushKey)
def keep_push_key(batch: Batch, commands: Sequence[KeepPushKey]) -> None:
    """Store the key, unless there is one: nodes and browsers may ask for it at once."""
    for command in commands:
        made = KeptSecret.insert(name=PUSH_KEY, value=command.sealed.encode())
        made.on_conflict_ignore().execute()
        batch.answer(command.receipt, Done())


def _operator_of(login_id: int) -> int | None:
    rows = read_rows(Login.select(Login.operator).where(Login.id == login_id))
    return next((operator_id for (operator_id,) in rows), None)


def _limit_browsers(operator_id: int) -> None:
    hers = PushTarget.select(PushTarget.id).join(Login).where(Login.operator == operator_id)
    oldest = [row["id"] for row in read_dicts(hers.order_by(PushTarget.id.desc()))][MAX_BROWSERS:]
    if oldest:
        PushTarget.delete().where(PushTarget.id << oldest).execute()


def _push(row: dict[str, Any], at: datetime) -> Push:
    operator_id = row["operator"] or row["assignee_id"]
    return Push(
        kind=PushKind(row["kind"]),
        conversation_id=row["conversation"],
        contact=row["name"] or (f"@{row['username']}" if row["username"] else row["psid"]),
        by=row["by"],
        at=row["created_at"],
        subscriptions=list_subscriptions(row["account_id"], operator_id, at),
    )
