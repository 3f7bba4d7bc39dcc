from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    FoundInRecord,
    MissingFromRecord,
    RecordUnreadable,
    VerificationResult,
)
from moca.instagram.ids import read_mid
from moca.instagram.payload import DefaultOnError, PartyPayload, Text
from moca.instagram.timestamps import read_instant

_CLOCKS_DIFFER_BY = timedelta(seconds=5)
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
    record: Record, psid: str, content: Content, since: datetime, known_mids: AbstractSet[str]
) -> VerificationResult:
    """Search for an unknown message that the account wrote to `psid` since an instant.

    The oldest such message counts. Instagram reports whole seconds by another clock, so a few
    seconds before `since` count too. A record that does not reach back so far proves nothing.
    Content other than plain text appears without its text, if at all: any message without text may
    match.
    """
    page = record.messages
    earliest = since - _CLOCKS_DIFFER_BY
    alike = [each for each in page.data if _is_alike(each, psid, content, known_mids)]
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
    if _ends_after(earliest, page.data, page.paging):
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
