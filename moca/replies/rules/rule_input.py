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
"""All that the bot is woken by; a type not invented yet is a `message`."""


def check_event(name: str) -> str:
    """Let pass the name of an event that a rule can be for.

    Raises:
        ValueError: there is no such event; the text says which there are.
    """
    if name in EVENTS:
        return name
    near = get_close_matches(name, EVENTS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(EVENTS)}"
    raise ValueError(f"there is no event {name!r}; {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An input as rules look at it."""

    input_id: int
    events: frozenset[str]
    """A message answers to `message` and to its type, everything else to its kind."""
    text: str = field(repr=False)
    folded: str = field(repr=False)
    """The text as `Words` look for themselves in it."""
    payload: str | None = field(repr=False)

    @classmethod
    def of(cls, inbound: Inbound) -> Self:
        """See an input so."""
        is_message = inbound.kind == "message"
        text = inbound.text[:MAX_CHARACTERS]
        return cls(
            input_id=inbound.id,
            events=frozenset({inbound.kind, inbound.type} if is_message else {inbound.kind}),
            text=text,
            folded=fold(text),
            payload=inbound.received.payload if inbound.received else None,
        )
