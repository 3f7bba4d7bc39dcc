from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from actors.bots.bot import Bot
from actors.bots.factory import BotFactory
from moca import clock
from moca.core.bots.cases import USUAL_INSTANT, BotCase, CaseResult, CaseVerdict, judge
from moca.core.bots.trials import PassedOver, TrialMessage, TrialReply
from moca.core.content.attachments import ReceivedContent
from moca.core.content.content import Content
from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.event_rules import RULES, is_tap
from moca.core.policy import ConversationPolicy
from moca.core.types import SETTINGS_BOT, ContactKey
from moca.replies.generator import (
    GeneratedReply,
    GenerationError,
    HandOver,
    NoReply,
    Reply,
    ReplyGenerator,
    ReplyRequest,
)
from moca.replies.registry import FREE

if TYPE_CHECKING:
    from moca.bots.document import BotDocument

_NOBODY = ContactKey("", "trial")
_UNASKED = "would be asked"
_MAX_VARIANTS = 32


@dataclass(frozen=True, slots=True)
class _Traced:
    """A generator that notes why it made no reply, and is not asked if that would cost money."""

    name: str
    generator: ReplyGenerator
    passed: list[PassedOver]
    is_asked: bool
    needs_name: bool = False
    needs_history: int = 0

    def reply(self, request: ReplyRequest) -> Reply:
        if not self.is_asked:
            return GeneratedReply(Content(), _UNASKED)
        try:
            reply = self.generator.reply(request)
        except GenerationError as error:
            self.passed.append(PassedOver(self.name, str(error)))
            raise
        if isinstance(reply, NoReply):
            self.passed.append(PassedOver(self.name, reply.because))
        return reply


class Trial:
    """A bot that is shown messages, by the generators that answer contacts; nothing is sent.

    One thread may use it at a time.

    Raises:
        BadDocument: If the server cannot run the bot.
    """

    def __init__(
        self, factory: BotFactory, document: "BotDocument", *, calls_model: bool = False
    ) -> None:
        self._document = document
        self._passed: list[PassedOver] = []
        self._calls_model = calls_model
        wrap = partial(_traced, passed=self._passed, calls_model=calls_model)
        self._make = partial(factory.of_document, identity=SETTINGS_BOT, wrap=wrap)
        self._bots: dict[str, Bot] = {document.rules.language: self._make(document)}

    def reply_to(self, message: TrialMessage) -> TrialReply:
        """Return what the bot would do with a message; may block."""
        bot = self._bot(message.language)
        now = _instant(message.at, bot.policy) if message.at else clock.now()
        reply = self._reply(bot, message, now)
        return replace(reply, passed_over=tuple(self._passed_over(reply, message, now)))

    def run(self, case: BotCase) -> CaseResult:
        """Return whether the bot does what a case expects, in the case's own time."""
        bot = self._bot(case.language)
        *earlier, last = case.messages
        message = TrialMessage(
            text=last, kind=case.on, earlier=tuple(earlier), contact_name=case.contact
        )
        now = _instant(case.at, bot.policy)
        first = judge(case, self._reply(bot, message, now))
        if first.verdict is not CaseVerdict.FAILED:
            return first
        # Any of a rule's answers will do: the message's id chose one, and a case has no id.
        for number in range(2, self._variants(first.reply) + 1):
            result = judge(case, self._reply(bot, replace(message, variant=number), now))
            if result.verdict is CaseVerdict.PASSED:
                return result
        return first

    def _variants(self, reply: TrialReply | None) -> int:
        name = None if reply is None else reply.rule
        made = (rule for rule in self._document.rules.rules if rule.name == name)
        answers = next((rule.answers for rule in made), {})
        most = max(map(len, answers.values()), default=1)
        return min(4 * most, _MAX_VARIANTS) if most > 1 else 1

    def _bot(self, language: str) -> Bot:
        language = language or self._document.rules.language
        if language not in self._bots:
            rules = replace(self._document.rules, language=language)
            self._bots[language] = self._make(replace(self._document, rules=rules))
        return self._bots[language]

    def _reply(self, bot: Bot, message: TrialMessage, now: datetime) -> TrialReply:
        self._passed.clear()
        return _decided(bot, message, now) or _generated(bot, message, now)

    def _passed_over(
        self, reply: TrialReply, message: TrialMessage, now: datetime
    ) -> Iterator[PassedOver]:
        """Yield each generator but the one that answers, and after `rules` each of its rules."""
        # Rules take megabytes, which a server without bots of its own does not need.
        from moca.replies.rules.mismatches import passed_rules  # noqa: PLC0415

        if reply.generator is None and not self._passed:
            return
        passed = {each.who: each for each in self._passed}
        for name in self._document.sections.replies.chain:
            if name in passed:
                yield passed[name]
            elif name != reply.generator:
                yield PassedOver(name, f"asked only if {reply.generator} has no reply")
                continue
            if name == "rules":
                yield from passed_rules(self._document.rules, tuple(_inputs(message, now)))


def _traced(
    name: str, generator: ReplyGenerator, *, passed: list[PassedOver], calls_model: bool
) -> ReplyGenerator:
    return _Traced(name, generator, passed, is_asked=calls_model or name in FREE)


def _decided(bot: Bot, message: TrialMessage, now: datetime) -> TrialReply | None:
    """Return what is decided without a generator; None if one is asked."""
    policy, texts = bot.policy, _texts(message)
    changes = (policy.consent.change_of(text, has_opted_out=False) for text in texts)
    if ConsentChange.OPT_OUT in changes:
        return TrialReply(content=_said(policy.opt_out_text), why="the contact opts out")
    if any(map(policy.escalation.are_in, texts)):
        because = "the contact asks for a person: handed over to the team"
        return TrialReply(content=_said(policy.hand_over_text), why=because, hands_over=True)
    if policy.hours is not None and not policy.hours.open_at(now):
        return TrialReply(content=_said(policy.away_text), why="outside business hours")
    return None


def _generated(bot: Bot, message: TrialMessage, now: datetime) -> TrialReply:
    request = ReplyRequest(
        contact=_NOBODY,
        inputs=tuple(_inputs(message, now)),
        now=now,
        contact_name=message.contact_name or None,
    )
    try:
        reply = bot.generator.reply(request)
    except GenerationError as error:
        return TrialReply(why=str(error))
    match reply:
        case NoReply(because):
            return TrialReply(why=because or "no generator has a reply")
        case HandOver(because=because, content=content, made_by=made_by):
            content = _said(bot.policy.hand_over_text) if content is None else content
            why, is_handover = f"handed over to the team: {because}", True
        case GeneratedReply(content=content, by=why, made_by=made_by):
            is_handover = False
        case Content():
            return TrialReply(content=reply, why="")
    topic = None if made_by is None else made_by.topic
    return TrialReply(
        generator=None if made_by is None else made_by.generator,
        rule=None if made_by is None else made_by.rule,
        topic=topic,
        mode=bot.policy.topics.of(topic).mode,
        content=None if content == Content() else content,
        why=why,
        hands_over=is_handover,
        is_unasked=not is_handover and content == Content() and _UNASKED in why,
    )


def _texts(message: TrialMessage) -> tuple[str, ...]:
    return (*message.earlier, message.text)


def _said(text: str) -> Content | None:
    return Content(text=text) if text else None


def _instant(at: datetime | None, policy: ConversationPolicy) -> datetime:
    """Return when a message is written: if it does not say, in the bot's business hours."""
    if at is None:
        opens = None if policy.hours is None else policy.hours.opens_next(USUAL_INSTANT)
        return opens or USUAL_INSTANT
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC if policy.hours is None else policy.hours.zone)
    return at.astimezone(UTC)


def _inputs(message: TrialMessage, now: datetime) -> Iterator[Inbound]:
    is_message = message.kind not in RULES or message.kind == "message"
    kind, type_ = ("message", message.kind) if is_message else (message.kind, "text")
    for number, text in enumerate(_texts(message)):
        received = ReceivedContent(payload=text) if is_tap(kind, type_) else None
        yield Inbound(
            id=message.variant + number,
            mid=f"trial-{number}",
            kind=kind,
            type="text" if type_ == "message" else type_,
            text=text,
            received=received,
            received_at=now,
        )
