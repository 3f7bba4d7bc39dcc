from dataclasses import dataclass, field
from enum import StrEnum

from moca.core.content.words import Words
from moca.core.reasons import Because, Reason


class ConsentChange(StrEnum):
    """A contact's decision about automatic messages."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


OPTED_OUT = Because(Reason.OPTED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The words with which a contact opts out and in again."""

    opt_out: Words = field(default_factory=Words)
    opt_in: Words = field(default_factory=Words)

    def change_of(self, text: str, *, has_opted_out: bool) -> ConsentChange | None:
        """Return the change of consent in a message, or None if there is none."""
        if has_opted_out:
            return ConsentChange.OPT_IN if self.opt_in.are(text) else None
        return ConsentChange.OPT_OUT if self.opt_out.are(text) else None
