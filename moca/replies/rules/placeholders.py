import re
from difflib import get_close_matches

_PLACEHOLDER = re.compile(r"(?P<lead>[ ,]*)\{(?P<key>[A-Za-z_]+)(?:\|(?P<otherwise>[^{}]*))?\}")
_KNOWN = ("name", "first_name")
_MOST_CHARACTERS = 40
LONGEST_NAME = "x" * _MOST_CHARACTERS
"""A name that takes all the room that a name can take."""


def check_placeholders(text: str) -> str:
    """Let pass a text whose placeholders can all be filled.

    Raises:
        ValueError: there is no such placeholder; the text says which there are.
    """
    for found in _PLACEHOLDER.finditer(text):
        if (key := found["key"]) not in _KNOWN:
            near = get_close_matches(key, _KNOWN, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else "there is: {name}, {first_name}"
            raise ValueError(f"there is no placeholder {{{key}}}; {hint}")
    return text


def fill_placeholders(text: str, contact_name: str | None) -> str:
    """Put the contact's name in; where none is known what stands after `|`, or nothing.

    With nothing, the spaces and the comma before it go too: "Hello, {name}!" becomes "Hello!".
    """
    words = (contact_name or "").split()
    values = {"name": " ".join(words), "first_name": words[0] if words else ""}

    def filled(found: re.Match[str]) -> str:
        value = values[found["key"]][:_MOST_CHARACTERS].strip() or found["otherwise"]
        return found["lead"] + value if value else ""

    return _PLACEHOLDER.sub(filled, text)
