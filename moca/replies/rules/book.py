from dataclasses import dataclass, replace

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.replies.generator import HandOver, NoReply, ReplyRequest, Say
from moca.replies.rules.rule import Rule
from moca.replies.rules.rule_input import Occasion


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules in their order; the first that fits any of the inputs is taken."""

    rules: tuple[Rule, ...] = ()
    language: str = ""
    """Of the answer where what was written does not tell."""

    def reply(self, request: ReplyRequest) -> Say | HandOver | NoReply:
        """Answer by rule."""
        occasions = [Occasion.of(inbound) for inbound in request.inputs]
        for rule in self.rules:
            for occasion in occasions:
                language = rule.language_of(occasion)
                if language is not None:
                    return self._apply(rule, occasion.input_id, language, request.contact_name)
        return NoReply("no rule fits")

    def answers_at_once(self, message: Inbound) -> str | None:
        """Return which rule answers a message without a wait; None where it waits as any other."""
        if not any(rule.at_once for rule in self.rules):
            return None
        occasion = Occasion.of(message)
        fitting = (rule for rule in self.rules if rule.language_of(occasion) is not None)
        first = next(fitting, None)
        if first is None or not first.at_once:
            return None
        return f"rule {first.name!r} answers at once"

    def _apply(
        self, rule: Rule, input_id: int, language: str, contact_name: str | None
    ) -> Say | HandOver:
        text = rule.text_for(input_id, language or self.language, contact_name)
        content = replace(rule.around, text=text)
        if not rule.hand_over:
            return Say(content, f"rule {rule.name!r}")
        said = None if content == Content() else content
        return HandOver(f"rule {rule.name!r} asks for a person", said)
