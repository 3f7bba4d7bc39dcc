from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.content.content import Content
from moca.core.outbox.delivery import Arrived, NotArrived, Unreadable, VerificationResult
from moca.instagram.ids import read_mid
from moca.instagram.payload import Otherwise, Party, Text
from moca.instagram.timestamps import read_instant

_CLOCKS_DIFFER_BY = timedelta(seconds=5)
_READABLE = 20
"""So many of a thread's newest messages does Instagram tell the details of."""

_Id = Annotated[str, BeforeValidator(read_mid)]


class _Conversation(BaseModel):
    id: _Id


class Conversations(BaseModel):
    """The answer to a search for conversations."""

    data: list[_Conversation]


class _Message(BaseModel):
    id: _Id
    created_time: Annotated[datetime | None, PlainValidator(read_instant)] = None
    sender: Annotated[Party | None, Otherwise(None), Field(alias="from")] = None
    message: Text = ""


class _Page(BaseModel):
    data: list[OnErrorOmit[_Message]]
    paging: Any = None


class Record(BaseModel):
    """A conversation's newest messages, newest first."""

    messages: _Page


def find_in_record(
    record: Record, psid: str, content: Content, since: datetime, known_mids: AbstractSet[str]
) -> VerificationResult:
    """Look for what the account wrote to `psid` since then, beside what is known already.

    The oldest such message counts. Instagram tells whole seconds and by another clock, so a few
    seconds before `since` count too. A record that does not reach back so far proves nothing. What
    is not plain text shows without its text, if at all: any message without text may be it.
    """
    page = record.messages
    earliest = since - _CLOCKS_DIFFER_BY
    alike = [each for each in page.data if _is_alike(each, psid, content, known_mids)]
    arrived = [
        Arrived(each.id, each.created_time)
        for each in alike
        if each.sender and each.created_time and each.created_time >= earliest
    ]
    if arrived:
        return min(reversed(arrived), key=lambda each: each.at)
    if any(each.sender is None or each.created_time is None for each in alike):
        return Unreadable("Instagram's record does not tell who wrote an equal message, or when")
    if _ends_after(earliest, page.data, page.paging):
        return Unreadable("Instagram's record does not reach back to the attempt")
    return NotArrived()


def _is_alike(message: _Message, psid: str, content: Content, known_mids: AbstractSet[str]) -> bool:
    is_contacts = message.sender is not None and message.sender.id == psid
    told = message.message.strip()
    is_equal = told == content.text.strip() or (not told and bool(content.buttons))
    return is_equal and not is_contacts and message.id not in known_mids


def _ends_after(earliest: datetime, messages: Sequence[_Message], paging: Any) -> bool:
    has_more = len(messages) >= _READABLE or (isinstance(paging, dict) and "next" in paging)
    times = [each.created_time for each in messages if each.created_time]
    return has_more and bool(times) and min(times) >= earliest
