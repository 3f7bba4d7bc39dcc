import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import regex
import structlog

from moca.core.content.content import Content
from moca.core.content.placeholders import LONGEST_NAME_EXAMPLE, fill_placeholders
from moca.core.content.words import Words
from moca.replies.rules.rule_input import RuleInput

log = structlog.get_logger()

_PATTERN_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVariants:
    """The wordings of one meaning in one language; any of them is enough."""

    language: str
    """Empty for any."""
    words: Words
    signs: frozenset[str]
    """Keywords without a letter, such as an emoji: found anywhere."""
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

    def language_of(self, occasion: RuleInput) -> str | None:
        """Return the language in which an input matches, "" for any; None if it does not."""
        if not self.on & occasion.events:
            return None
        if not (self.wordings or self.payloads) or occasion.payload in self.payloads:
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
