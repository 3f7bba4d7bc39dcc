import unicodedata
from typing import NamedTuple

_MAX_NAME_CHARACTERS = 200
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_JOINERS = frozenset({chr(0x200C), chr(0x200D)})


class ContactKey(NamedTuple):
    """Who writes to whom: a person's id means something only beside the account's."""

    account_id: str
    psid: str


def readable_name(name: str) -> str:
    """Return a contact's name as one line, without the controls that turn what stands around it.

    The joiners stay, without which some scripts and emoji are misspelt.
    """
    words = name[:_MAX_NAME_CHARACTERS].split()
    return " ".join(word for each in words if (word := "".join(filter(_is_shown, each))))


def _is_shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN
