from collections.abc import Sequence
from datetime import datetime

import peewee

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.idempotency import KEYS_LAST, KeepAnswer, KeyReused, RequestKey
from moca.storage.db.fields import InstantField
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation, QueueItem, Table
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_DONE, _NOT_FOUND, _CONFLICT = "done", "not_found", "conflict"

Result = Done | NotFound | Conflict


class IdempotencyKey(Table):
    """A request that was carried out, so that a repeat is not."""

    key = peewee.CharField(primary_key=True)
    fingerprint = peewee.CharField()
    at = InstantField(index=True)
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE")
    """The conversation whose texts the response may hold; erased with it."""
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")
    """The id of the created row, or why nothing was done."""
    status = peewee.IntegerField(null=True)
    body = peewee.TextField(null=True)
    """The stored response body, once there is one."""

    class Meta:
        table_name = "idempotency_key"


def find_result(request: RequestKey, at: datetime) -> Result | KeyReused | None:
    """Return the result of a request that was carried out before, or None if it was not."""
    row = IdempotencyKey.get_or_none(IdempotencyKey.key == request.key)
    if row is None:
        return None
    if at - row.at >= KEYS_LAST:
        row.delete_instance()
        return None
    return _result(row) if row.fingerprint == request.fingerprint else KeyReused()


def record_result(request: RequestKey, command: object, result: Result, at: datetime) -> None:
    """Store the result of a request, in the transaction that carries it out."""
    outcome, detail = _written(result)
    IdempotencyKey.insert(
        key=request.key,
        fingerprint=request.fingerprint,
        at=at,
        conversation=_conversation_of(command) if isinstance(result, Done) else None,
        outcome=outcome,
        detail=detail,
    ).execute()


def take_key(key: str, at: datetime) -> bool:
    """Return whether a command without a request has not been carried out before."""
    row = IdempotencyKey.insert(key=key, fingerprint="", at=at, outcome=_DONE)
    return bool(row.on_conflict_ignore().as_rowcount().execute())


@handles(KeepAnswer)
def keep_answers(batch: Batch, commands: Sequence[KeepAnswer]) -> None:
    """Store the first response to each request that was carried out and is not erased."""
    for command in commands:
        request = command.request
        is_it = (
            (IdempotencyKey.key == request.key)
            & (IdempotencyKey.fingerprint == request.fingerprint)
            & (IdempotencyKey.outcome == _DONE)
            & IdempotencyKey.status.is_null()
        )
        changed = IdempotencyKey.update(status=command.status, body=command.body).where(is_it)
        batch.answer(command.receipt, Done() if changed.execute() else NotFound())


def forget_keys(at: datetime, portion: int) -> bool:
    """Delete a batch of expired keys; False if there were none."""
    column = IdempotencyKey.key
    over = IdempotencyKey.select(column).where(IdempotencyKey.at <= at - KEYS_LAST)
    keys = [key for (key,) in read_rows(over.order_by(IdempotencyKey.at).limit(portion))]
    if keys:
        IdempotencyKey.delete().where(column << keys).execute()
    return bool(keys)


def forget_answers_about_accounts() -> None:
    """Delete the responses that no conversation's erasure reaches; their requests stay recorded."""
    unlinked = IdempotencyKey.conversation.is_null()
    IdempotencyKey.update(status=None, body=None).where(unlinked).execute()


def _conversation_of(command: object) -> int | None:
    conversation_id: int | None = getattr(command, "conversation_id", None)
    item_id = getattr(command, "item_id", None)
    if item_id is not None:
        query = QueueItem.select(QueueItem.conversation).where(QueueItem.id == item_id)
        conversation_id = query.scalar()
    return conversation_id


def _written(result: Result) -> tuple[str, str]:
    match result:
        case Done(made_id):
            return _DONE, "" if made_id is None else str(made_id)
        case NotFound():
            return _NOT_FOUND, ""
        case Conflict(because):
            return _CONFLICT, because


def _result(row: IdempotencyKey) -> Result:
    detail = str(row.detail)
    if row.outcome == _DONE:
        return Done(int(detail) if detail else None, is_repeat=True, done_at=row.at)
    return Conflict(detail) if row.outcome == _CONFLICT else NotFound()
