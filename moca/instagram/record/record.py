from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    VerificationResult,
)
from moca.instagram.ids import read_mid
from moca.instagram.payload import DefaultOnError, PartyPayload, Text
from moca.instagram.timestamps import read_instant

_CLOCKS_DIFFER_BY = timedelta(seconds=5)
_EVER = datetime.min.replace(tzinfo=UTC)
_READABLE = 20
"""Instagram returns details only of this many newest messages of a thread."""

_Id = Annotated[str, BeforeValidator(read_mid)]


class _Conversation(BaseModel):
    id: _Id


class Conversations(BaseModel):
    """The answer to a search for conversations."""

    data: list[_Conversation]


class _Message(BaseModel):
    id: _Id
    created_time: Annotated[datetime | None, PlainValidator(read_instant)] = None
    sender: Annotated[PartyPayload | None, DefaultOnError(None), Field(alias="from")] = None
    message: Text = ""


class _Page(BaseModel):
    data: list[OnErrorOmit[_Message]]
    paging: object = None


class Record(BaseModel):
    """A conversation's newest messages, newest first."""

    messages: _Page


def find_in_record(
    record: Record, psid: str, content: Content, since: datetime, known: KnownMessages
) -> VerificationResult:
    """Search for an unknown message that the account wrote to `psid` in a call since an instant.

    The oldest such message counts. What the record shows after a message that was stored before the
    reply was queued belongs to the call, whatever the clocks say. Where it does not show that
    message, times are compared: Instagram reports whole seconds by another clock, so a few seconds
    before `since` count too, and a record that does not reach back so far proves nothing. Content
    other than plain text appears without its text, if at all: any message without text may match.
    """
    page = record.messages
    after = list(takewhile(lambda each: each.id != known.last_before_mid, page.data))
    is_anchored = len(after) < len(page.data)
    earliest = _EVER if is_anchored else since - _CLOCKS_DIFFER_BY
    alike = [each for each in after if _is_alike(each, psid, content, known.mids)]
    arrived = [
        FoundInRecord(each.id, each.created_time)
        for each in alike
        if each.sender and each.created_time and each.created_time >= earliest
    ]
    if arrived:
        return min(reversed(arrived), key=lambda each: each.at)
    if any(each.sender is None or each.created_time is None for each in alike):
        return RecordUnreadable(
            "Instagram's record does not tell who wrote an equal message, or when"
        )
    if not is_anchored and _ends_after(earliest, page.data, page.paging):
        return RecordUnreadable("Instagram's record does not reach back to the attempt")
    return MissingFromRecord()


def _is_alike(message: _Message, psid: str, content: Content, known_mids: AbstractSet[str]) -> bool:
    is_contacts = message.sender is not None and message.sender.id == psid
    own_text = message.message.strip()
    is_equal = own_text == content.text.strip() or (not own_text and bool(content.buttons))
    return is_equal and not is_contacts and message.id not in known_mids


def _ends_after(earliest: datetime, messages: Sequence[_Message], paging: object) -> bool:
    has_more = len(messages) >= _READABLE or (isinstance(paging, dict) and "next" in paging)
    times = [each.created_time for each in messages if each.created_time]
    return has_more and bool(times) and min(times) >= earliest
