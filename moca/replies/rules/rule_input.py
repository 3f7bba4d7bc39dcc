from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Self

from moca.core.content.words import MAX_CHARACTERS, fold
from moca.core.conversation.snapshot import Inbound

EVENTS = (
    *("message", "text", "quick_reply", "image", "video", "audio", "file", "sticker"),
    *("share", "ig_post", "ig_reel", "reel", "ig_story", "story", "story_mention", "story_reply"),
    *("template", "ephemeral", "unsupported", "postback", "comment", "live_comment"),
)
"""Every event that can wake the bot; an unknown message type is a `message`."""


def check_event(name: str) -> str:
    """Return the name of an event that a rule can be for.

    Raises:
        ValueError: For an unknown event; the message lists the known ones.
    """
    if name in EVENTS:
        return name
    near = get_close_matches(name, EVENTS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"available: {', '.join(EVENTS)}"
    raise ValueError(f"unknown event {name!r}; {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInput:
    """An input in the form that rules match against."""

    input_id: int
    events: frozenset[str]
    """A message matches `message` and its type, everything else its kind."""
    text: str = field(repr=False)
    folded: str = field(repr=False)
    """The text, folded as `Words` expect it."""
    payload: str | None = field(repr=False)

    @classmethod
    def of(cls, inbound: Inbound) -> Self:
        """Build it from a message."""
        is_message = inbound.kind == "message"
        text = inbound.text[:MAX_CHARACTERS]
        return cls(
            input_id=inbound.id,
            events=frozenset({inbound.kind, inbound.type} if is_message else {inbound.kind}),
            text=text,
            folded=fold(text),
            payload=inbound.received.payload if inbound.received else None,
        )
