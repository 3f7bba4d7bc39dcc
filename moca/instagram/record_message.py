from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.content.attachments import Received
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.types import ContactKey
from moca.instagram.ids import read_mid
from moca.instagram.payload import Otherwise, Party, Text
from moca.instagram.record_media import RecordedMedia
from moca.instagram.timestamps import read_instant


class _Recipients(BaseModel):
    data: list[OnErrorOmit[Party]] = []


class FetchedMessage(RecordedMedia):
    """A message as the Conversations API tells it."""

    id: Annotated[str, BeforeValidator(read_mid)]
    created_time: Annotated[datetime | None, PlainValidator(read_instant)] = None
    sender: Annotated[Party | None, Otherwise(None), Field(alias="from")] = None
    to: Annotated[_Recipients, Otherwise(_Recipients())] = _Recipients()
    message: Text = ""

    def is_with(self, account_id: str) -> bool:
        """Tell whether the account is named as the writer or as whom it was written to."""
        parties = (self.sender, *self.to.data)
        return any(each is not None and each.id == account_id for each in parties)

    def as_told_by(self, account_id: str, mid: str) -> InboundMessage | Echo | None:
        """See it as its webhook would have told it; None where the writer is not named."""
        if self.sender is None:
            return None
        if self.sender.id != account_id:
            contact = ContactKey(account_id, self.sender.id)
            return InboundMessage(contact=contact, mid=mid, sent_at=self.created_time, **self._says)
        if not self.to.data:
            return None
        contact = ContactKey(account_id, self.to.data[0].id)
        return Echo(contact=contact, mid=mid, sent_at=self.created_time, **self._says)

    @property
    def _says(self) -> dict[str, Any]:
        received = self.as_received()
        return {"text": self.message, "type": self._type(received), "received": received}

    def _type(self, received: Received | None) -> str:
        if self.is_unsupported:
            return "unsupported"
        if received is not None and received.attachments:
            return received.attachments[0].type
        if received is not None:
            return "story_reply"
        return "text" if self.message else "unsupported"
