from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from moca.core.reasons import stored_reason
from moca.core.replay_comparison import Key, RecordedMessage, ReplayOutcome
from moca.core.types import ContactKey, Outcome, Role, Stage
from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.scan import rows_between
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message

_PAGE = 500
_MADE = ("generated", "handed over")

_Row = dict[str, Any]


def recorded_between(since: datetime, until: datetime) -> Iterator[Sequence[RecordedMessage]]:
    """Yield contacts' messages between two instants with their outcomes, by pages."""
    rows = rows_between(since, until, query=_messages(), instant=Message.created_at, page=_PAGE)
    while page := list(islice(rows, _PAGE)):
        yield list(_recorded(page))


def outcomes_of(keys: Iterable[Key]) -> Mapping[Key, ReplayOutcome]:
    """Return the outcomes of those of these messages that this database has."""
    found: list[_Row] = []
    for chunk in in_chunks(sorted({mid for _, mid, _ in keys})):
        found.extend(read_dicts(_messages().where(Message.mid << chunk)))
    return {message.key: message.ending for message in _recorded(found)}


def still_stored(keys: Iterable[Key]) -> set[Key]:
    """Return which of these messages are stored and not unsent."""
    wanted = set(keys)
    found: set[Key] = set()
    for chunk in in_chunks(sorted({mid for _, mid, _ in wanted})):
        query = Message.select(Message.account_id, Message.mid, Message.kind)
        rows = read_rows(query.where((Message.mid << chunk) & Message.deleted_at.is_null()))
        found |= {(account_id, mid, kind) for account_id, mid, kind in rows}
    return found & wanted


def _messages() -> Any:
    return (
        Message.select(Message, Contact.psid)
        .join(Conversation, on=Message.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .where(Message.role == Role.USER)
    )


def _recorded(rows: Sequence[_Row]) -> Iterator[RecordedMessage]:
    replies = _replies({row["reply"] for row in rows if row["reply"] is not None})
    makers = _makers([row["id"] for row in rows])
    for row in rows:
        yield RecordedMessage(
            contact=ContactKey(row["account_id"], row["psid"]),
            mid=row["mid"],
            kind=row["kind"],
            text=row["text"],
            type=row["type"],
            received_at=row["created_at"],
            is_unsent=row["deleted_at"] is not None,
            ending=_ending(row, replies.get(row["reply"], []), makers.get(row["id"], "")),
        )


def _ending(row: _Row, reply: Sequence[_Row], by: str) -> ReplayOutcome:
    outcome = None if row["outcome"] is None else Outcome(row["outcome"])
    reason = stored_reason(row["reason"], row["because"])
    if not reply:
        return ReplayOutcome(outcome=outcome, because=row["because"], reason=reason, by=by)
    sent_at = reply[-1]["sent_at"]
    return ReplayOutcome(
        outcome=outcome,
        because=row["because"],
        reason=reason,
        said="\n".join(part["text"] for part in reply),
        type=reply[-1]["type"],
        beside=reply[-1]["content"] or "",
        by=by,
        rule=reply[-1]["rule"],
        topic=reply[-1]["topic"],
        sent_after=None if sent_at is None else sent_at - row["created_at"],
    )


def _replies(ids: Collection[int]) -> Mapping[int, Sequence[_Row]]:
    """Return each reply with all its parts, by the id of the row to which the inputs refer."""
    answers = [row for chunk in in_chunks(sorted(ids)) for row in _said(Message.id << chunk)]
    parted = sorted({row["part_of"] for row in answers if row["part_of"] is not None})
    parts: dict[int, list[_Row]] = {each: [] for each in parted}
    for chunk in in_chunks(parted):
        for row in _said(Message.part_of << chunk):
            parts[row["part_of"]].append(row)
    return {row["id"]: parts.get(row["part_of"], [row]) for row in answers}


def _said(which: Any) -> Any:
    columns = (Message.id, Message.text, Message.type, Message.content, Message.sent_at)
    made = Message.rule, Message.topic
    return (
        Message.select(*columns, *made, Message.part_of).where(which).order_by(Message.id).dicts()
    )


def _makers(message_ids: Sequence[int]) -> Mapping[int, str]:
    made: dict[int, str] = {}
    for chunk in in_chunks(message_ids):
        query = JourneyStep.select(JourneyStep.message, JourneyStep.detail).where(
            (JourneyStep.message << chunk)
            & (JourneyStep.stage == Stage.GENERATION)
            & (JourneyStep.outcome << _MADE)
        )
        made.update(read_rows(query.order_by(JourneyStep.id)))
    return made
