from dataclasses import dataclass, field
from enum import StrEnum

from moca.core.content.words import Words


class Wish(StrEnum):
    """What a contact decides about being written to by the bot."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


OPTED_OUT = "the contact opted out of automatic messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """By which words a contact opts out, and in again."""

    opt_out: Words = field(default_factory=Words)
    opt_in: Words = field(default_factory=Words)

    def wish_of(self, text: str, *, has_opted_out: bool) -> Wish | None:
        """Tell what a message changes; None where it changes nothing."""
        if has_opted_out:
            return Wish.OPT_IN if self.opt_in.are(text) else None
        return Wish.OPT_OUT if self.opt_out.are(text) else None
