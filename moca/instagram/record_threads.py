from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, OnErrorOmit, PlainValidator

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import Unreadable
from moca.core.reconciliation.thread_scan import ListedThread, ThreadPage
from moca.instagram.ids import read_mid
from moca.instagram.payload import Otherwise
from moca.instagram.record_message import FetchedMessage
from moca.instagram.timestamps import read_instant


class _Row(BaseModel):
    id: Annotated[str, BeforeValidator(read_mid)]
    updated_time: Annotated[Any, PlainValidator(read_instant)] = None


class _Cursors(BaseModel):
    after: Annotated[str, Otherwise("")] = ""


class _Paging(BaseModel):
    cursors: Annotated[_Cursors, Otherwise(_Cursors())] = _Cursors()
    next: Annotated[str, Otherwise("")] = ""


class ThreadList(BaseModel):
    """A part of the list of an account's conversations."""

    data: list[OnErrorOmit[_Row]]
    paging: Annotated[_Paging, Otherwise(_Paging())] = _Paging()

    def page(self) -> ThreadPage:
        """See it without those of which it is not told when they changed."""
        dated = [each for each in self.data if each.updated_time is not None]
        threads = tuple(ListedThread(each.id, each.updated_time) for each in dated)
        return ThreadPage(threads, self.paging.cursors.after if self.paging.next else "")


class _Messages(BaseModel):
    data: list[OnErrorOmit[FetchedMessage]] = []


class Thread(BaseModel):
    """A conversation's newest messages."""

    messages: _Messages = _Messages()

    def told(self, account_id: str) -> tuple[InboundMessage | Echo, ...] | Unreadable:
        """See its messages as their webhooks would have told them.

        One in which the account has no part is left out: who wrote it cannot be trusted.
        """
        ours = [each for each in self.messages.data if each.is_with(account_id)]
        if self.messages.data and not ours:
            return Unreadable("Instagram's record calls the account otherwise than its webhooks do")
        told = (each.as_told_by(account_id, each.id) for each in ours)
        return tuple(each for each in told if each is not None)
