from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """The consequences of an event of one kind, besides being stored."""

    opens_window: bool = False
    """Whether the account may answer for 24 hours after it."""
    wakes_bot: bool = False
    """Whether the bot answers it."""
    only_with: str = ""
    """The setting that must be on for the bot to answer it; empty if none."""


_WORDS = EventRule(opens_window=True, wakes_bot=True)
_ONLY_RECORDED = EventRule()
_PUBLIC_WORDS = EventRule(wakes_bot=True, only_with="instagram.answer_comments")

RULES: Mapping[str, EventRule] = {
    "message": _WORDS,
    "postback": _WORDS,
    "standby": EventRule(opens_window=True),
    "comment": _PUBLIC_WORDS,
    "live_comment": _PUBLIC_WORDS,
    "echo": _ONLY_RECORDED,
    "edit": _ONLY_RECORDED,
    "deletion": _ONLY_RECORDED,
    "reaction": _ONLY_RECORDED,
    "read": _ONLY_RECORDED,
    "referral": _ONLY_RECORDED,
    "optin": _ONLY_RECORDED,
    "handover": _ONLY_RECORDED,
    "mention": _ONLY_RECORDED,
    "self": _ONLY_RECORDED,
    "unknown": _ONLY_RECORDED,
}
"""By kind of event. A message of a type not known yet still is a `message`."""


TAPS = frozenset({"postback", "quick_reply"})
"""Kinds of events and types of messages that are tapped, not typed: buttons, ice breakers and menu
entries are postbacks. A tap is complete at once, so it does not wait for more to come."""


def is_tap(kind: str, type: str) -> bool:  # noqa: A002
    """Return whether a message was tapped, not typed."""
    return kind in TAPS or type in TAPS


def rule_of(kind: str) -> EventRule:
    """Return the rule for a kind of event; unknown kinds are only recorded."""
    return RULES.get(kind, _ONLY_RECORDED)
