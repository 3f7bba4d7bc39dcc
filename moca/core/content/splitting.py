import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from moca.core.content.content import Content

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_REGIONS = range(0x1F1E6, 0x1F200)
_JAMO = range(0x1100, 0x1200)
_MARKS = ("Mn", "Me", "Mc")


def graphemes(text: str) -> Iterator[str]:
    """Split a text into user-perceived characters, such as a flag or a family emoji.

    Errs towards keeping code points together. Joining the parts returns the text.
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
    """Return whether two code points belong to the same character.

    `regions` counts the consecutive regional indicators up to and including `before`.
    """
    if _JOINER in (before, after) or (before, after) == ("\r", "\n"):
        return True
    code = ord(after)
    if code in _REGIONS:
        return regions % 2 == 1
    if code in _JAMO and ord(before) in _JAMO:
        return True
    return code in _SKIN_TONES or code in _TAGS or unicodedata.category(after) in _MARKS


MAX_MESSAGE_BYTES = 1000
"""The maximum length of one Instagram message, in bytes of UTF-8."""

_PARAGRAPH = re.compile(r"(?<=\n)(?=[^\n])")
_SENTENCE = re.compile(r"(?<=[.!?\u2026])(?=\s)|(?<=[\u3002\uff01\uff1f])")
_WORD = re.compile(r"(?<=\s)(?=\S)")


def parts_of(content: Content) -> tuple[Content, ...]:
    """Split content that is too long for one message. All parts but the last are plain text.

    The first part carries `reply_to_mid`, the last the quick replies. Text with buttons is never
    split: it belongs to one template.
    """
    if content.buttons or not _is_too_long(content.text, MAX_MESSAGE_BYTES):
        return (content,)
    *texts, last = split(content.text)
    parts = [*(Content(text=text) for text in texts), replace(content, text=last)]
    parts[-1] = replace(parts[-1], reply_to_mid=None)
    parts[0] = replace(parts[0], reply_to_mid=content.reply_to_mid)
    return tuple(parts)


def split(text: str, longest_bytes: int = MAX_MESSAGE_BYTES) -> tuple[str, ...]:
    """Split a text at paragraphs, else at sentences, words or characters, into parts that fit.

    Each part has at most `longest_bytes` bytes of UTF-8 and is not blank. Only white space between
    parts is lost. A character of several code points is only split if it is too long by itself.
    """
    parts = (part.strip() for part in _filled(_pieces(text, longest_bytes), longest_bytes))
    return tuple(part for part in parts if part)


def _filled(pieces: Iterable[str], longest: int) -> Iterator[str]:
    """Join neighbouring pieces as long as they fit."""
    part = ""
    for piece in pieces:
        if part and _is_too_long((part + piece).strip(), longest):
            yield part
            part = piece
        else:
            part += piece
    yield part


def _pieces(text: str, longest: int, level: int = 0) -> Iterator[str]:
    for piece in _CUTS[level](text):
        if _is_too_long(piece.strip(), longest) and level + 1 < len(_CUTS):
            # Joined here, so that the rest of a long sentence does not absorb half of the next one.
            yield from _filled(_pieces(piece, longest, level + 1), longest)
        else:
            yield piece


def _cut_at(pattern: re.Pattern[str]) -> Callable[[str], Iterator[str]]:
    def cut(text: str) -> Iterator[str]:
        start = 0
        for end in (match.start() for match in pattern.finditer(text)):
            if start < end < len(text) and not are_one(text[end - 1], text[end]):
                yield text[start:end]
                start = end
        yield text[start:]

    return cut


_CUTS: tuple[Callable[[str], Iterable[str]], ...] = (
    _cut_at(_PARAGRAPH),
    _cut_at(_SENTENCE),
    _cut_at(_WORD),
    graphemes,
    iter,
)


def _is_too_long(text: str, longest: int) -> bool:
    return len(text.encode("utf-8", "surrogatepass")) > longest
