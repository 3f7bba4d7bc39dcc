from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from moca.core.types import ContactKey

_KEPT = 10_000


@dataclass(slots=True)
class SandboxComment:
    """A comment under a post of an account."""

    contact: ContactKey
    comment_id: str
    at: datetime
    is_answered: bool = False


class SandboxComments:
    """The newest comments; each can be answered once in private."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], SandboxComment] = OrderedDict()

    def add(self, contact: ContactKey, at: datetime) -> SandboxComment:
        """Add a comment and assign the next id."""
        comment_id = f"{int(at.timestamp() * 1_000_000)}{len(self._kept):05}"
        comment = SandboxComment(contact, comment_id, at)
        self._kept[contact.account_id, comment_id] = comment
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return comment

    def find(self, account_id: str, comment_id: str) -> SandboxComment | None:
        """Find a comment under one of an account's posts."""
        return self._kept.get((account_id, comment_id))
