"""Why the rules of a bot do not answer what a contact wrote."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from moca.core.bots.trials import PassedOver
from moca.core.conversation.snapshot import Inbound
from moca.replies.rules.book import RuleBook
from moca.replies.rules.pattern_search import PatternSearch
from moca.replies.rules.rule import Mismatch, Rule, RuleMatch
from moca.replies.rules.rule_input import RuleInput

MAX_NAMED_RULES = 50
"""Those that come nearest to a match; the others are counted."""


class _PassedRule(NamedTuple):
    nearness: int
    """Higher is nearer to a match."""
    passed: PassedOver


def passed_rules(book: RuleBook, inputs: Sequence[Inbound]) -> tuple[PassedOver, ...]:
    """Return why each rule but the one that answers does not, in the order of the rules."""
    passed = tuple(_passed(book, [RuleInput.of(each) for each in inputs]))
    nearest = sorted(range(len(passed)), key=lambda place: passed[place].nearness, reverse=True)
    named = tuple(passed[place].passed for place in sorted(nearest[:MAX_NAMED_RULES]))
    more = len(passed) - len(named)
    return (*named, PassedOver(f"{more} more rules", "do not match")) if more else named


def _passed(book: RuleBook, occasions: Sequence[RuleInput]) -> Iterator[_PassedRule]:
    first: Rule | None = None
    search = PatternSearch()
    for rule in book.rules:
        found, occasion = _nearest(rule, occasions, search)
        if isinstance(found, Mismatch):
            why = _sentence(found, rule, occasion)
        elif first is None:
            first = rule
            continue
        else:
            why = f"would match, but rule {first.name!r} comes first"
        yield _PassedRule(_nearness(found), PassedOver(f"rule {rule.name!r}", why))


def _nearest(
    rule: Rule, occasions: Sequence[RuleInput], search: PatternSearch
) -> tuple[RuleMatch | Mismatch, RuleInput]:
    """Return what comes of the input that is nearest to a match, with that input."""
    found = [(rule.match(occasion, search), occasion) for occasion in occasions]
    return max(found, key=lambda each: _nearness(each[0]))


def _nearness(found: RuleMatch | Mismatch) -> int:
    order = tuple(Mismatch)
    return order.index(found) if isinstance(found, Mismatch) else len(order)


def _sentence(mismatch: Mismatch, rule: Rule, occasion: RuleInput) -> str:
    match mismatch:
        case Mismatch.ANOTHER_EVENT:
            events = ", ".join(sorted(each.replace("_", " ") for each in rule.on))
            return f"is only for these kinds: {events}"
        case Mismatch.ANOTHER_PAYLOAD:
            return "none of its payloads was tapped"
        case Mismatch.NOTHING_FOUND:
            return f"none of its {_conditions(rule)}"
        case Mismatch.EXCLUDED:
            return f"has {min(rule.excluded.found_in(occasion))!r}, which the rule excludes"
        case Mismatch.SLOW_PATTERN:
            return "its patterns, or those before, took too long and were given up"


def _conditions(rule: Rule) -> str:
    """Return such as `keywords and patterns was found (en, de)`."""
    conditions = {
        "keywords": any(each.keywords.is_any for each in rule.wordings),
        "patterns": any(each.patterns for each in rule.wordings),
        "payloads": bool(rule.payloads),
    }
    *others, last = (name for name, has_it in conditions.items() if has_it)
    names = f"{', '.join(others)} and {last}" if others else last
    languages = ", ".join(each.language for each in rule.wordings if each.language)
    return f"{names} was found ({languages})" if languages else f"{names} was found"
