"""Events other than messages, with short constructors."""

from moca.core.inbound.events import Deletion, Edit, InboundMessage, OtherEvent, ThreadControl
from moca.core.types import ContactKey
from tests.support.factory import ANNA


def event(
    kind: str,
    mid: str | None = None,
    contact: ContactKey | None = ANNA,
    key: str | None = None,
    **detail: str,
) -> OtherEvent:
    return OtherEvent(
        kind=kind,
        contact=contact,
        account_id=ANNA.account_id,
        mid=mid,
        key=key or f"{kind} {mid} {sorted(detail.items())}",
        detail=tuple(detail.items()),
    )


def unsent(mid: str, contact: ContactKey = ANNA, *, by_account: bool = False) -> Deletion:
    """Return the event of an unsent message."""
    told = event("deletion", mid, contact, by="account" if by_account else "contact")
    return Deletion(event=told, mid=mid, by_account=by_account)


def edited(mid: str, text: str, number: int = 1, contact: ContactKey | None = ANNA) -> Edit:
    """Return the event of an edited message."""
    told = event("edit", mid, contact, num_edit=str(number), text=text)
    message = InboundMessage(contact=contact, mid=mid, text=text) if contact and text else None
    return Edit(event=told, mid=mid, number=number, text=text, message=message)


def hinted(mid: str) -> Edit:
    """Return an edit with number 0, which hints at a message."""
    return Edit(event=event("edit", mid, None, num_edit="0"), mid=mid, number=0)


def control(*, ours: bool, contact: ContactKey = ANNA, key: str = "") -> ThreadControl:
    """Return the event of a thread passing to Moca, or to another app."""
    told = event("handover", None, contact, key=f"handover {ours} {key}")
    return ThreadControl(event=told, contact=contact, is_ours=ours)
