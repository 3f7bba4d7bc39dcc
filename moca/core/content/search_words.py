import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from moca.core.content.words import fold, is_without_spaces

MAX_WORD_CHARACTERS = 40
"""Longer words are found by their beginning."""
_MAX_TERMS = 20
"""How many words of a search count."""

_RUN = re.compile(r"[^\W_]+")


class SearchTerm(NamedTuple):
    """A word to be found, or the beginning of one."""

    word: str
    is_beginning: bool = False

    def matches(self, word: str) -> bool:
        """Return whether a word of an indexed text is meant."""
        return word.startswith(self.word) if self.is_beginning else word == self.word


def search_words(text: str) -> list[str]:
    """Return the different words by which a text is found, without case and accents.

    Scripts without spaces have no words to be told apart: they are found by each two characters
    that follow one another.
    """
    words: dict[str, None] = {}
    for run in _runs(fold(text)):
        if is_without_spaces(run[0]):
            words.update(dict.fromkeys(run[start : start + 2] for start in range(len(run))))
        else:
            words[run[:MAX_WORD_CHARACTERS]] = None
    return list(words)


def search_terms(text: str) -> tuple[SearchTerm, ...]:
    """Return the terms of a search; all must match. The last word may be a beginning.

    A word is taken as complete once something follows it.
    """
    terms: dict[SearchTerm, None] = {}
    runs = list(_runs(fold(text)))
    is_open = text != "" and _is_part(text[-1])
    for place, run in enumerate(runs, 1):
        if is_without_spaces(run[0]):
            pairs = [run[start : start + 2] for start in range(max(len(run) - 1, 1))]
            terms.update(dict.fromkeys(SearchTerm(each, len(each) == 1) for each in pairs))
        else:
            is_beginning = is_open and place == len(runs) and len(run) < MAX_WORD_CHARACTERS
            terms[SearchTerm(run[:MAX_WORD_CHARACTERS], is_beginning)] = None
    return tuple(terms)[:_MAX_TERMS]


def matches_all(text: str, terms: Sequence[SearchTerm]) -> bool:
    """Return whether a search for the terms finds a text."""
    folded = fold(text)
    if not all(term.word in folded for term in terms):
        return False
    words = search_words(text)
    return all(any(map(term.matches, words)) for term in terms)


def matched_spans(text: str, terms: Sequence[SearchTerm]) -> list[tuple[int, int]]:
    """Return where the terms stand in a text, in order and without overlaps."""
    spans: list[tuple[int, int]] = []
    for start, end, words in _spans(text):
        if any(term.matches(word) for term in terms for word in words):
            is_joined = bool(spans) and start <= spans[-1][1]
            spans.append((spans.pop()[0] if is_joined else start, end))
    return spans


def _spans(text: str) -> Iterator[tuple[int, int, list[str]]]:
    for run in re.finditer(r"\S+", text):
        for start, end in _pieces(text, *run.span()):
            words = search_words(text[start:end])
            if words and is_without_spaces(words[0][0]):
                for place in range(start, end):
                    yield place, min(place + 2, end), search_words(text[place : place + 2])[:1]
            else:
                yield start, end, words


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split where a word ends, with the accents that belong to its last character."""
    begin = None
    for place in range(start, end):
        is_part = _is_part(text[place])
        if is_part and begin is None:
            begin = place
        elif not is_part and begin is not None:
            yield begin, place
            begin = None
    if begin is not None:
        yield begin, end


def _is_part(character: str) -> bool:
    if character.isascii():
        return character.isalnum()
    return unicodedata.category(character) == "Mn" or bool(_RUN.search(fold(character)))


def _runs(folded: str) -> Iterator[str]:
    """Yield the words of a folded text, apart from the characters of scripts without spaces."""
    for run in _RUN.findall(folded):
        if run.isascii():
            yield run
            continue
        start = 0
        for place in range(1, len(run) + 1):
            is_end = place == len(run)
            if is_end or is_without_spaces(run[place]) != is_without_spaces(run[start]):
                yield run[start:place]
                start = place
