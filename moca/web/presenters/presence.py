from collections.abc import Sequence

from moca.core.presence import Presence

_NAMED = 2
"""How many users are named; of more, the others are counted."""


def presence_text(presence: Presence) -> str:
    """Return who is writing and looking, as in "Ana is writing · Ben is looking"; may be empty."""
    acts = ((presence.writing, "writing"), (presence.looking, "looking"))
    return " · ".join(_sentence(names, act) for names, act in acts if names)


def _sentence(names: Sequence[str], act: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is {act}"
    if len(names) == _NAMED:
        return f"{names[0]} and {names[1]} are {act}"
    others = len(names) - _NAMED
    rest = "1 other" if others == 1 else f"{others} others"
    return f"{', '.join(names[:_NAMED])} and {rest} are {act}"
