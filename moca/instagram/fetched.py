from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, PlainValidator

from moca.core.contact import ContactKey
from moca.core.webhook import Echo, InboundMessage
from moca.instagram.identity import read_mid
from moca.instagram.instants import read_instant
from moca.instagram.payload import Flag, Otherwise, Party, Text


class _Recipients(BaseModel):
    data: list[OnErrorOmit[Party]] = []


class FetchedMessage(BaseModel):
    """A message as the Conversations API tells it: its text, never its media."""

    id: Annotated[str, BeforeValidator(read_mid)]
    created_time: Annotated[datetime | None, PlainValidator(read_instant)] = None
    sender: Annotated[Party | None, Otherwise(None), Field(alias="from")] = None
    to: Annotated[_Recipients, Otherwise(_Recipients())] = _Recipients()
    message: Text = ""
    is_unsupported: Flag = False

    def is_with(self, account_id: str) -> bool:
        """Tell whether the account is named as the writer or as whom it was written to."""
        parties = (self.sender, *self.to.data)
        return any(each is not None and each.id == account_id for each in parties)

    def as_told_by(self, account_id: str, mid: str) -> InboundMessage | Echo | None:
        """See it as its webhook would have told it; None where the writer is not named."""
        if self.sender is None:
            return None
        kind = "text" if self.message and not self.is_unsupported else "unsupported"
        if self.sender.id != account_id:
            return InboundMessage(
                contact=ContactKey(account_id, self.sender.id),
                mid=mid,
                type=kind,
                text=self.message,
                sent_at=self.created_time,
            )
        return self._echo(account_id, mid, kind)

    def _echo(self, account_id: str, mid: str, kind: str) -> Echo | None:
        if not self.to.data:
            return None
        contact = ContactKey(account_id, self.to.data[0].id)
        sent_at = self.created_time
        return Echo(contact=contact, mid=mid, text=self.message, type=kind, sent_at=sent_at)
