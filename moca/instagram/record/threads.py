from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, OnErrorOmit, PlainValidator

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import RecordUnreadable
from moca.core.reconciliation.thread_scan import ListedThread, ThreadPage
from moca.instagram.ids import read_mid
from moca.instagram.payload import DefaultOnError
from moca.instagram.record.message import FetchedMessage
from moca.instagram.timestamps import read_instant


class _Row(BaseModel):
    id: Annotated[str, BeforeValidator(read_mid)]
    updated_time: Annotated[Any, PlainValidator(read_instant)] = None


class _Cursors(BaseModel):
    after: Annotated[str, DefaultOnError("")] = ""


class _Paging(BaseModel):
    cursors: Annotated[_Cursors, DefaultOnError(_Cursors())] = _Cursors()
    next: Annotated[str, DefaultOnError("")] = ""


class ThreadList(BaseModel):
    """A part of the list of an account's conversations."""

    data: list[OnErrorOmit[_Row]]
    paging: Annotated[_Paging, DefaultOnError(_Paging())] = _Paging()

    def page(self) -> ThreadPage:
        """Return the page without conversations of unknown update time."""
        dated = [each for each in self.data if each.updated_time is not None]
        threads = tuple(ListedThread(each.id, each.updated_time) for each in dated)
        return ThreadPage(threads, self.paging.cursors.after if self.paging.next else "")


class _Messages(BaseModel):
    data: list[OnErrorOmit[FetchedMessage]] = []


class RecordedThread(BaseModel):
    """A conversation's newest messages."""

    messages: _Messages = _Messages()

    def events_of(self, account_id: str) -> tuple[InboundMessage | Echo, ...] | RecordUnreadable:
        """Return its messages in the shape of their webhooks.

        A message in which the account has no part is left out: its sender cannot be trusted.
        """
        ours = [each for each in self.messages.data if each.is_with(account_id)]
        if self.messages.data and not ours:
            return RecordUnreadable(
                "Instagram's record calls the account otherwise than its webhooks do"
            )
        events = (each.as_event_of(account_id, each.id) for each in ours)
        return tuple(each for each in events if each is not None)
