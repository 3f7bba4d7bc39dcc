import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import regex
import structlog

from moca.core.content.content import Content
from moca.core.content.words import Words
from moca.replies.rules.placeholders import LONGEST_NAME, fill_placeholders
from moca.replies.rules.rule_input import Occasion

log = structlog.get_logger()

_PATTERN_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What people write who mean one thing in one language; any of it is enough."""

    language: str
    """Empty for any."""
    words: Words
    signs: frozenset[str]
    """Keywords without a letter, such as an emoji: found anywhere."""
    patterns: tuple[regex.Pattern[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """On these events and, if any are given, one of these wordings or payloads: this content."""

    name: str
    on: frozenset[str]
    wordings: tuple[Wording, ...]
    payloads: frozenset[str]
    answers: Mapping[str, tuple[str, ...]]
    """By language; each tuple holds at least one."""
    around: Content
    """Everything but the text."""
    hand_over: bool
    at_once: bool = False
    """Whether what it fits is answered without debounce and cooldown."""

    def language_of(self, occasion: Occasion) -> str | None:
        """Tell the language in which an occasion fits, "" for any; None where it does not fit."""
        if not self.on & occasion.events:
            return None
        if not (self.wordings or self.payloads) or occasion.payload in self.payloads:
            return ""
        fitting = (each.language for each in self.wordings if self._fits(each, occasion))
        return next(fitting, None)

    def text_for(self, input_id: int, language: str, contact_name: str | None) -> str:
        """Choose among the answers; the same input gets the same one, however often it is asked."""
        if not self.answers:
            return ""
        # Ids grow in steps, so their remainder would favour one answer.
        turn = zlib.crc32(str(input_id).encode())
        answers = self.answers.get(language) or next(iter(self.answers.values()))
        return fill_placeholders(answers[turn % len(answers)], contact_name)

    def contents(self) -> Iterator[Content]:
        """Give all that it can say, at its shortest and at its longest; nothing if nothing."""
        for answer in chain.from_iterable(self.answers.values()):
            for name in (None, LONGEST_NAME):
                yield replace(self.around, text=fill_placeholders(answer, name))
        if not self.answers and self.around != Content():
            yield self.around

    def _fits(self, wording: Wording, occasion: Occasion) -> bool:
        text = occasion.text
        return (
            wording.words.are_in_folded(occasion.folded)
            or any(sign in text for sign in wording.signs)
            or any(self._is_found(pattern, text) for pattern in wording.patterns)
        )

    def _is_found(self, pattern: regex.Pattern[str], text: str) -> bool:
        try:
            return pattern.search(text, timeout=_PATTERN_SECONDS) is not None
        except TimeoutError:
            log.warning("pattern_too_slow", rule=self.name)
            return False
