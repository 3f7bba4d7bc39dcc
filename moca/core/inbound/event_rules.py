from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an event of one kind does beside being stored."""

    opens_window: bool = False
    """Whether the account may answer for 24 hours from it."""
    wakes_bot: bool = False
    """Whether the bot answers it."""
    only_with: str = ""
    """The setting without which the bot does not answer it after all."""


_WORDS = Rule(opens_window=True, wakes_bot=True)
_ONLY_RECORDED = Rule()
_PUBLIC_WORDS = Rule(wakes_bot=True, only_with="instagram.answer_comments")

RULES: Mapping[str, Rule] = {
    "message": _WORDS,
    "postback": _WORDS,
    "standby": Rule(opens_window=True),
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
"""By kind of event; a message of a type not invented yet is a `message` all the same."""


TAPS = frozenset({"postback", "quick_reply"})
"""What is tapped and not typed, by kind of event or type of message: a button, an ice breaker and a
menu entry are postbacks. A tap is whole at once, so that it does not wait for more to come."""


def is_tap(kind: str, type: str) -> bool:  # noqa: A002
    """Return whether a message was tapped and not typed."""
    return kind in TAPS or type in TAPS


def rule_of(kind: str) -> Rule:
    """Tell the rule for a kind; what has none of its own is only recorded."""
    return RULES.get(kind, _ONLY_RECORDED)
