from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """For what Instagram has limits of their own."""

    TEXT = "text"
    """And all else that is no media."""
    MEDIA = "media"
    PRIVATE_REPLY = "private_reply"


class Channel(NamedTuple):
    """Of what one limit holds: what an account sends of one kind."""

    account_id: str
    kind: Kind = Kind.TEXT

    @property
    def name(self) -> str:
        """How it is stored."""
        return f"{self.kind}:{self.account_id}"

    @classmethod
    def named(cls, name: str) -> "Channel":
        """Read a stored one; a row from before channels were stored has none that counts."""
        kind, _, account_id = name.partition(":")
        return cls(account_id, Kind(kind or Kind.TEXT))
