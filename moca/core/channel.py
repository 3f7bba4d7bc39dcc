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
