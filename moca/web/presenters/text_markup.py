import re
from collections.abc import Callable, Collection
from functools import partial

from markupsafe import Markup, escape

from moca.core.content.search_words import matched_spans, search_terms
from moca.core.mentions import find_mentions

_HIDDEN = "\u200b-\u200f\u202a-\u202e\u2066-\u2069"
_URL = re.compile(rf"""https?://(?=\w)[^\s<>"'{_HIDDEN}]+""", re.IGNORECASE)
_AFTER_IT = ".,;:!?*_\u2026\u00bb\u201d\u2019"
_OPENING = {")": "(", "]": "["}
_SHOWN_BEFORE = 20
"""How many characters a narrow row has room for before what was found."""
_LINK = Markup('<a href="{}" rel="noreferrer noopener nofollow" target="_blank"><bdi>{}</bdi></a>')
_MARK = Markup("<mark>{}</mark>")
_MENTION = Markup('<bdi class="mention">{}</bdi>')
_OWN_MENTION = Markup('<bdi class="mention" data-own>{}</bdi>')


def hit_excerpt(text: str, term: str) -> str:
    """Return a text from a word shortly before the first one that a search for the term finds."""
    spans = matched_spans(text, search_terms(term)) if term else ()
    start = next((start for start, _ in spans), 0)
    if start <= _SHOWN_BEFORE:
        return text
    space = text.find(" ", start - _SHOWN_BEFORE, start)
    return f"\u2026 {text[start if space < 0 else space + 1 :]}"


def marked(text: str, term: str = "") -> Markup:
    """Mark the words of a text that a search for the term finds."""
    parts, end = [], 0
    for start, stop in matched_spans(text, search_terms(term)) if term else ():
        parts += [escape(text[end:start]), _MARK.format(text[start:stop])]
        end = stop
    return Markup().join([*parts, escape(text[end:])])


def linked(text: str, term: str = "") -> Markup:
    """Make the web addresses in a text links, and mark the term of a search."""
    return _linked(text, partial(marked, term=term))


def note_markup(text: str, mentions: Collection[str], own_name: str = "") -> Markup:
    """Make the web addresses in a note links, and mark the operators that it mentions."""
    return _linked(text, partial(_mentioned, names=mentions, own_name=own_name))


def _mentioned(text: str, names: Collection[str], own_name: str) -> Markup:
    parts, end = [], 0
    for start, stop, name in find_mentions(text, names) if names else ():
        mention = _OWN_MENTION if name == own_name else _MENTION
        parts += [escape(text[end:start]), mention.format(text[start:stop])]
        end = stop
    return Markup().join([*parts, escape(text[end:])])


def _linked(text: str, shown: Callable[[str], Markup]) -> Markup:
    parts, end = [], 0
    for found in _URL.finditer(text):
        url = _without_punctuation(found[0])
        parts += [shown(text[end : found.start()]), _LINK.format(url, shown(url))]
        end = found.start() + len(url)
    return Markup().join([*parts, shown(text[end:])])


def _without_punctuation(url: str) -> str:
    """Return the address without what belongs to the sentence around it."""
    while url[-1] in _AFTER_IT or (url[-1] in _OPENING and _OPENING[url[-1]] not in url):
        url = url[:-1]
    return url
