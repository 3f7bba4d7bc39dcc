from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.content.attachments import ReceivedContent
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.types import ContactKey
from moca.instagram.ids import read_mid
from moca.instagram.payload import DefaultOnError, PartyPayload, Text
from moca.instagram.record.media import RecordedMedia
from moca.instagram.timestamps import read_instant


class _Recipients(BaseModel):
    data: list[OnErrorOmit[PartyPayload]] = []


class FetchedMessage(RecordedMedia):
    """A message as the Conversations API returns it."""

    id: Annotated[str, BeforeValidator(read_mid)]
    created_time: Annotated[datetime | None, PlainValidator(read_instant)] = None
    sender: Annotated[PartyPayload | None, DefaultOnError(None), Field(alias="from")] = None
    to: Annotated[_Recipients, DefaultOnError(_Recipients())] = _Recipients()
    message: Text = ""

    def is_with(self, account_id: str) -> bool:
        """Return whether the account is named as sender or recipient."""
        parties = (self.sender, *self.to.data)
        return any(each is not None and each.id == account_id for each in parties)

    def as_event_of(self, account_id: str, mid: str) -> InboundMessage | Echo | None:
        """Return it in the shape of its webhook; None if the sender is not named."""
        if self.sender is None:
            return None
        if self.sender.id != account_id:
            contact = ContactKey(account_id, self.sender.id)
            return InboundMessage(
                contact=contact, mid=mid, sent_at=self.created_time, **self._content_fields
            )
        if not self.to.data:
            return None
        contact = ContactKey(account_id, self.to.data[0].id)
        return Echo(contact=contact, mid=mid, sent_at=self.created_time, **self._content_fields)

    @property
    def _content_fields(self) -> dict[str, Any]:
        received = self.as_received()
        return {"text": self.message, "type": self._type(received), "received": received}

    def _type(self, received: ReceivedContent | None) -> str:
        if self.is_unsupported:
            return "unsupported"
        if received is not None and received.attachments:
            return received.attachments[0].type
        if received is not None:
            return "story_reply"
        return "text" if self.message else "unsupported"
