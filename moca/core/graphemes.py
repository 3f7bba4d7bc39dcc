import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_REGIONS = range(0x1F1E6, 0x1F200)
_JAMO = range(0x1100, 0x1200)
_MARKS = ("Mn", "Me", "Mc")


def graphemes(text: str) -> Iterator[str]:
    """Part a text into what a person takes for one character, such as a flag or a family.

    Errs on the side of keeping together; joined, the parts are the text again.
    """
    start, regions = 0, 0
    for place in range(1, len(text)):
        regions = regions + 1 if ord(text[place - 1]) in _REGIONS else 0
        if not are_one(text[place - 1], text[place], regions):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def are_one(before: str, after: str, regions: int = 0) -> bool:
    """Tell whether two code points belong to one character.

    `regions` counts the letters of flags that stand in a row up to `before`.
    """
    if _JOINER in (before, after) or (before, after) == ("\r", "\n"):
        return True
    code = ord(after)
    if code in _REGIONS:
        return regions % 2 == 1
    if code in _JAMO and ord(before) in _JAMO:
        return True
    return code in _SKIN_TONES or code in _TAGS or unicodedata.category(after) in _MARKS
