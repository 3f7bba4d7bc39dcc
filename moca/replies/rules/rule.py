import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, Self

import regex

from moca.core.content.content import Content
from moca.core.content.placeholders import LONGEST_NAME_EXAMPLE, fill_placeholders
from moca.core.content.words import Words, fold
from moca.replies.rules.pattern_search import PatternSearch
from moca.replies.rules.rule_input import RuleInput


class Mismatch(StrEnum):
    """Why a rule does not match an input; the last ones come nearest to a match."""

    ANOTHER_EVENT = "another_event"
    ANOTHER_PAYLOAD = "another_payload"
    NOTHING_FOUND = "nothing_found"
    """None of its keywords, patterns and payloads."""
    EXCLUDED = "excluded"
    SLOW_PATTERN = "slow_pattern"


class RuleMatch(NamedTuple):
    """A rule matches an input."""

    language: str
    """The one in which it does; empty for any."""


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

    @property
    def is_any(self) -> bool:
        """Whether there are any."""
        return bool(self.words.phrases or self.signs)

    def are_in(self, occasion: RuleInput) -> bool:
        """Return whether an input has any of them."""
        return any(self.found_in(occasion))

    def found_in(self, occasion: RuleInput) -> Iterator[str]:
        """Yield those that an input has; words are folded."""
        yield from self.words.found_in_folded(occasion.folded)
        yield from (sign for sign in self.signs if sign in occasion.text)


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

    def match(self, occasion: RuleInput, search: PatternSearch) -> RuleMatch | Mismatch:
        """Return in which language the rule matches an input, or why it does not."""
        if not self.on & occasion.events:
            return Mismatch.ANOTHER_EVENT
        if occasion.payload in self.payloads:
            return RuleMatch("")
        if self.excluded.are_in(occasion):
            return Mismatch.EXCLUDED
        if not self.wordings:
            return Mismatch.ANOTHER_PAYLOAD if self.payloads else RuleMatch("")
        mismatch = Mismatch.NOTHING_FOUND
        for wording in self.wordings:
            if wording.keywords.are_in(occasion):
                return RuleMatch(wording.language)
            for pattern in wording.patterns:
                is_found = search.finds(pattern, occasion.text, self.name)
                if is_found:
                    return RuleMatch(wording.language)
                if is_found is None:
                    mismatch = Mismatch.SLOW_PATTERN
        return mismatch

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
