"""Texts of contacts without what tells who they are."""

import re
from collections.abc import Callable
from dataclasses import dataclass

STAND_IN_NAME = "Kim Example"
_HANDLE = "@example"
_NAME = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]+(?:[-'\u2019][^\W\d_]+)*"
"""A word with a capital letter."""
_STREETS_EN = "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Way"
_STREETS_DE = "(?:s|S)tra(?:ß|ss)e|(?:s|S)tr\\.|[wW]eg|[pP]latz|[aA]llee|[gG]asse|[dD]amm|[uU]fer"
_BEFORE_STREETS = "A[mn]|An de[rn]|Unter de[rn]|Im|In de[rn]|Auf de[rm]|Zu[mr]"
_MIN_NAME = 2
"""Shorter words of a name stand in too many others."""


def _digits(found: re.Match[str]) -> str:
    """Replace each digit, so that patterns that look for so many digits still match."""
    return re.sub(r"\d", "5", found[0])


_STREET, _TOWN = "5 Example Street", "55555 Exampleton"
_REPLACED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", "mail@example.com"),
    (r"(?i:https?://|www\.)\S+", "https://example.com"),
    (r"(?<!\w)@[\w.]*\w", _HANDLE),
    (rf"\b{_NAME}[ -]?(?:{_STREETS_DE})\s*\d+\s?[a-zA-Z]?\b", _STREET),
    (rf"\b[\w\-]*(?:{_STREETS_DE})\s*\d+\s?[a-zA-Z]?\b", _STREET),
    (rf"\b(?:{_BEFORE_STREETS})\s+{_NAME}\s*\d+\s?[a-z]?\b", _STREET),
    (rf"\b\d+[a-zA-Z]?\s+(?:{_NAME}\s+){{1,3}}(?:{_STREETS_EN})\b\.?", _STREET),
    (rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s+{_NAME}(?:\s+{_NAME})?", _TOWN),
    (rf"\b{_NAME}(?:\s+{_NAME})?,\s+[A-Z]{{2}}\s+\d{{5}}(?:-\d{{4}})?\b", _TOWN),
    (r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", "EX5 5EX"),
    (r"\b[A-Z]{2}\d{2}(?:\s?[A-Z\d]{2,4}){3,8}\b", "EX55 5555 5555 5555"),
    (r"\+?\(?\d(?:[\d/()\-]|[ .](?=[\d(])){5,}\d", _digits),
    (r"\d{3,}", _digits),
)
"""Patterns, in the order in which they are replaced."""
_INTRODUCED = re.compile(
    r"(?P<lead>\b(?:my name is|this is|i am|i'm|call me|mein name ist|ich heiße|ich heisse|ich bin"
    rf"|regards,?|greetings,?|grüße,?|gruß,?)\s+)(?-i:{_NAME}(?:\s+{_NAME})?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Replaces a contact's names and handle, and addresses and long numbers of anyone.

    What other people are called cannot be known: a person must look at the text as well.
    """

    name: str = ""
    username: str = ""

    def replace_in(self, text: str) -> str:
        """Return a text with stand-ins."""
        for pattern, stand_in in _REPLACED:
            text = re.sub(pattern, stand_in, text)
        text = _INTRODUCED.sub(lambda found: found["lead"] + STAND_IN_NAME, text)
        return self.without_names(text)

    def without_names(self, text: str) -> str:
        """Return a text, such as the bot's own, in which only the contact is unnamed."""
        words = [word for word in self.name.split() if len(word) >= _MIN_NAME]
        if self.username and self.username.casefold() not in map(str.casefold, words):
            text = _whole(self.username.lstrip("@")).sub(_HANDLE[1:], text)
        if not words:
            return text
        text = _whole(" ".join(self.name.split())).sub(STAND_IN_NAME, text)
        first, last = STAND_IN_NAME.split()
        for number, word in enumerate(words):
            text = _whole(word).sub(last if number else first, text)
        return text


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)
