from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from actors.bots.bot import Bot
from actors.bots.factory import BotFactory
from moca import clock
from moca.core.bots.documents import BadDocument, DocumentFault
from moca.core.bots.forms import BotFieldGroup
from moca.core.bots.trials import PassedOver, TrialMessage, TrialReply
from moca.core.content.attachments import ReceivedContent
from moca.core.content.content import Content
from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.event_rules import RULES, is_tap
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
from moca.settings.sections import Settings

_NOBODY = ContactKey("", "trial")


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
            return GeneratedReply(Content(), "would be asked")
        try:
            reply = self.generator.reply(request)
        except GenerationError as error:
            self.passed.append(PassedOver(self.name, str(error)))
            raise
        if isinstance(reply, NoReply):
            self.passed.append(PassedOver(self.name, reply.because))
        return reply


class Workshop:
    """Checks and tries documents of bots on this server, by the same code that answers contacts."""

    def __init__(self, settings: Settings, factory: BotFactory) -> None:
        self._settings = settings
        self._factory = factory

    def settings_document(self) -> str:
        """Return the document of the bot that the settings file describes."""
        from moca.bots.document import tables_of  # noqa: PLC0415 - as in `BotFactory`
        from moca.bots.toml import join_rules, split_rules  # noqa: PLC0415

        replies = self._settings.replies
        text = _text_of(Path(replies.rules.file)) if "rules" in replies.chain else ""
        language, rules = split_rules(text)
        return join_rules({**language, **tables_of(self._settings)}, rules)

    def form_of(self, document: str) -> tuple[BotFieldGroup, ...]:
        """Return the form of a document."""
        from moca.bots.form import form_of  # noqa: PLC0415

        return form_of(document)

    def fill_in(self, document: str, values: Mapping[str, str]) -> str:
        """Return a document with the values of its form, and all else as it was."""
        from moca.bots.form import fill_in  # noqa: PLC0415

        return fill_in(document, values)

    def faults_of(self, document: str) -> tuple[DocumentFault, ...]:
        """Return what is wrong with a document; empty if it can be published here."""
        from moca.bots.document import read_document  # noqa: PLC0415

        try:
            self._factory.of_document(read_document(document), SETTINGS_BOT)
        except BadDocument as error:
            return error.faults
        return ()

    def try_out(self, document: str, message: TrialMessage) -> TrialReply:
        """Return what the bot of a valid document would do with a message; may block.

        Raises:
            BadDocument: If it is not valid after all.
        """
        from moca.bots.document import read_document  # noqa: PLC0415

        passed: list[PassedOver] = []
        read = read_document(document)
        if message.language:
            read = replace(read, rules=replace(read.rules, language=message.language))
        traced = partial(_traced, passed=passed, calls_model=message.calls_model)
        bot = self._factory.of_document(read, SETTINGS_BOT, traced)
        reply = _decided(bot, message) or _generated(bot, message)
        return replace(reply, passed_over=tuple(passed))


def _traced(
    name: str, generator: ReplyGenerator, *, passed: list[PassedOver], calls_model: bool
) -> ReplyGenerator:
    return _Traced(name, generator, passed, is_asked=calls_model or name in FREE)


def _decided(bot: Bot, message: TrialMessage) -> TrialReply | None:
    """Return what is decided without a generator; None if one is asked."""
    policy, now = bot.policy, clock.now()
    if policy.consent.change_of(message.text, has_opted_out=False) is ConsentChange.OPT_OUT:
        return TrialReply(reply=policy.opt_out_text or None, why="the contact opts out")
    if policy.escalation.are_in(message.text):
        because = "the contact asks for a person: handed over to the team"
        return TrialReply(reply=policy.hand_over_text or None, why=because)
    if policy.hours is not None and not policy.hours.open_at(now):
        return TrialReply(reply=policy.away_text or None, why="outside business hours")
    return None


def _generated(bot: Bot, message: TrialMessage) -> TrialReply:
    request = ReplyRequest(contact=_NOBODY, inputs=(_inbound(message),), now=clock.now())
    try:
        reply = bot.generator.reply(request)
    except GenerationError as error:
        return TrialReply(why=str(error))
    match reply:
        case NoReply(because):
            return TrialReply(why=because or "no generator has a reply")
        case HandOver(because=because, content=content, made_by=made_by):
            text = bot.policy.hand_over_text if content is None else content.text
            why = f"handed over to the team: {because}"
        case GeneratedReply(content=content, by=why, made_by=made_by):
            text = content.text
        case Content():
            return TrialReply(reply=reply.text or None, why="")
    topic = None if made_by is None else made_by.topic
    return TrialReply(
        generator=None if made_by is None else made_by.generator,
        rule=None if made_by is None else made_by.rule,
        topic=topic,
        mode=bot.policy.topics.of(topic).mode,
        reply=text or None,
        why=why,
    )


def _inbound(message: TrialMessage) -> Inbound:
    is_message = message.kind not in RULES or message.kind == "message"
    kind, type_ = ("message", message.kind) if is_message else (message.kind, "text")
    received = ReceivedContent(payload=message.text) if is_tap(kind, type_) else None
    return Inbound(
        id=1,
        mid="trial",
        kind=kind,
        type="text" if type_ == "message" else type_,
        text=message.text,
        received=received,
        received_at=clock.now(),
    )


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
