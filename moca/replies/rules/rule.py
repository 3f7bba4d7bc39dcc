import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Self

import regex
import structlog

from moca.core.content.content import Content
from moca.core.content.placeholders import LONGEST_NAME_EXAMPLE, fill_placeholders
from moca.core.content.words import Words, fold
from moca.replies.rules.rule_input import RuleInput

log = structlog.get_logger()

_PATTERN_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """Words and signs, of which any is enough."""

    words: Words = field(default_factory=Words)
    signs: frozenset[str] = frozenset()
    """Keywords without a letter, such as an emoji: found anywhere."""

    @classmethod
    def of(cls, keywords: Iterable[str]) -> Self:
        """Build them from the settings."""
        keywords = tuple(keywords)
        signs = frozenset(each.strip() for each in keywords if not fold(each))
        return cls(words=Words.of(keywords), signs=signs)

    def are_in(self, occasion: RuleInput) -> bool:
        """Return whether an input has any of them."""
        text = occasion.text
        return self.words.are_in_folded(occasion.folded) or any(sign in text for sign in self.signs)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVariants:
    """The wordings of one meaning in one language; any of them is enough."""

    language: str
    """Empty for any."""
    keywords: Keywords
    patterns: tuple[regex.Pattern[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A content to send on these events and, if any are given, these wordings or payloads."""

    name: str
    on: frozenset[str]
    wordings: tuple[AnswerVariants, ...]
    payloads: frozenset[str]
    answers: Mapping[str, tuple[str, ...]]
    """By language; each tuple has at least one."""
    around: Content
    """Everything but the text."""
    hand_over: bool
    at_once: bool = False
    """Whether matching messages are answered without debounce and cooldown."""
    topic: str | None = None
    excluded: Keywords = field(default_factory=Keywords)
    """Messages with one of them do not match, unless it is by a payload."""

    def language_of(self, occasion: RuleInput) -> str | None:
        """Return the language in which an input matches, "" for any; None if it does not."""
        if not self.on & occasion.events:
            return None
        if occasion.payload in self.payloads:
            return ""
        if self.excluded.are_in(occasion):
            return None
        if not (self.wordings or self.payloads):
            return ""
        fitting = (each.language for each in self.wordings if self._fits(each, occasion))
        return next(fitting, None)

    def text_for(self, input_id: int, language: str, contact_name: str | None) -> str:
        """Choose one of the answers; the same input always gets the same one."""
        if not self.answers:
            return ""
        # Ids grow in steps, so their remainder would favour one answer.
        turn = zlib.crc32(str(input_id).encode())
        answers = self.answers.get(language) or next(iter(self.answers.values()))
        return fill_placeholders(answers[turn % len(answers)], contact_name)

    def contents(self) -> Iterator[Content]:
        """Yield every possible content, at its shortest and at its longest."""
        for answer in chain.from_iterable(self.answers.values()):
            for name in (None, LONGEST_NAME_EXAMPLE):
                yield replace(self.around, text=fill_placeholders(answer, name))
        if not self.answers and self.around != Content():
            yield self.around

    def _fits(self, wording: AnswerVariants, occasion: RuleInput) -> bool:
        return wording.keywords.are_in(occasion) or any(
            self._is_found(pattern, occasion.text) for pattern in wording.patterns
        )

    def _is_found(self, pattern: regex.Pattern[str], text: str) -> bool:
        try:
            return pattern.search(text, timeout=_PATTERN_SECONDS) is not None
        except TimeoutError:
            log.warning("pattern_too_slow", rule=self.name)
            return False
