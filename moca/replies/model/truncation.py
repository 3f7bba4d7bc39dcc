import regex

from moca.core.content.splitting import graphemes

_SENTENCE_END = regex.compile(r"[.!?…。！？]+[\p{Pe}\p{Pf}\"']*(?=\s|$)|[。！？]|\n")  # noqa: RUF001 - Chinese and Japanese ends
_SPACE = regex.compile(r"\s+")
_ELLIPSIS = "…"


def within_bytes(text: str, limit: int, *, is_cut: bool = False) -> str:
    """Shorten a text to a UTF-8 byte limit: after a sentence, else a word, else a character.

    A sentence counts if at least half of the limit is kept; otherwise an ellipsis marks the cut.

    Args:
        text: Returned unchanged if it fits.
        limit: In bytes; at least 4.
        is_cut: Whether the text itself breaks off, so that its end is repaired even if it fits.
    """
    if is_cut:
        limit = min(limit, _size(text))
    elif _size(text) <= limit:
        return text
    whole = text.encode()[:limit].decode(errors="ignore")
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, len(whole) + 1)]
    fitting = [end for end in ends if end <= len(whole)]
    if fitting and _size(kept := text[: fitting[-1]].rstrip()) * 2 >= limit:
        return kept
    return _cut_to(text, limit - _size(_ELLIPSIS)) + _ELLIPSIS


def _cut_to(text: str, limit: int) -> str:
    fits = text.encode()[:limit].decode(errors="ignore")
    spaces = [found.start() for found in _SPACE.finditer(fits)]
    if spaces and _size(kept := fits[: spaces[-1]]) * 2 >= limit:
        return kept
    kept = ""
    for character in graphemes(text[: len(fits) + 1]):
        if _size(kept + character) > limit:
            break
        kept += character
    return kept


def _size(text: str) -> int:
    return len(text.encode())
