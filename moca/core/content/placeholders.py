import re
from collections.abc import Sequence
from difflib import get_close_matches

_PLACEHOLDER = re.compile(r"(?P<lead>[ ,]*)\{(?P<key>[A-Za-z_]+)(?:\|(?P<otherwise>[^{}]*))?\}")
CONTACT_PLACEHOLDERS = ("name", "first_name")
SAVED_REPLY_PLACEHOLDERS = (*CONTACT_PLACEHOLDERS, "agent")
_MAX_CHARACTERS = 40
LONGEST_NAME_EXAMPLE = "x" * _MAX_CHARACTERS
"""A name of the maximum length."""


def check_placeholders(text: str, known: Sequence[str] = CONTACT_PLACEHOLDERS) -> str:
    """Return a text whose placeholders are all known.

    Raises:
        ValueError: For an unknown placeholder; the message lists the known ones.
    """
    for found in _PLACEHOLDER.finditer(text):
        if (key := found["key"]) not in known:
            near = get_close_matches(key, known, n=1)
            available = ", ".join(f"{{{each}}}" for each in known)
            hint = f"did you mean {{{near[0]}}}?" if near else f"available: {available}"
            raise ValueError(f"unknown placeholder {{{key}}}; {hint}")
    return text


def fill_placeholders(text: str, contact_name: str | None, agent: str = "") -> str:
    """Insert the names; for an unknown one, what follows `|`, or nothing.

    With nothing, the spaces and the comma before it go too: "Hello, {name}!" becomes "Hello!".
    An unknown placeholder stays as it is.
    """
    words = (contact_name or "").split()
    values = {"name": " ".join(words), "first_name": words[0] if words else "", "agent": agent}

    def filled(found: re.Match[str]) -> str:
        if found["key"] not in values:
            return found[0]
        value = values[found["key"]][:_MAX_CHARACTERS].strip() or found["otherwise"]
        return found["lead"] + value if value else ""

    return _PLACEHOLDER.sub(filled, text)
