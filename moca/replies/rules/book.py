from dataclasses import dataclass, replace

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.replies.generator import GeneratedReply, HandOver, NoReply, ReplyRequest
from moca.replies.rules.pattern_search import PatternSearch
from moca.replies.rules.rule import Rule, RuleMatch
from moca.replies.rules.rule_input import RuleInput


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules in order; the first that matches any of the inputs wins."""

    rules: tuple[Rule, ...] = ()
    language: str = ""
    """The reply's language if the inputs do not show one."""

    def reply(self, request: ReplyRequest) -> GeneratedReply | HandOver | NoReply:
        """Reply by the first matching rule."""
        occasions = [RuleInput.of(inbound) for inbound in request.inputs]
        search = PatternSearch()
        for rule in self.rules:
            for occasion in occasions:
                match rule.match(occasion, search):
                    case RuleMatch(language):
                        return self._apply(rule, occasion.input_id, language, request.contact_name)
        return NoReply("no rule matches")

    def answers_at_once(self, message: Inbound) -> str | None:
        """Return which rule answers a message without a wait; None if it waits like any other."""
        if not any(rule.at_once for rule in self.rules):
            return None
        occasion, search = RuleInput.of(message), PatternSearch()
        fitting = (
            rule for rule in self.rules if isinstance(rule.match(occasion, search), RuleMatch)
        )
        first = next(fitting, None)
        if first is None or not first.at_once:
            return None
        return f"rule {first.name!r} replies at once"

    def _apply(
        self, rule: Rule, input_id: int, language: str, contact_name: str | None
    ) -> GeneratedReply | HandOver:
        text = rule.text_for(input_id, language or self.language, contact_name)
        content = replace(rule.around, text=text)
        if not rule.hand_over:
            by = f"rule {rule.name!r}"
            return GeneratedReply(content, by, rule=rule.name, topic=rule.topic)
        closing = None if content == Content() else content
        return HandOver(f"rule {rule.name!r} asks for a person", closing, rule.name)
