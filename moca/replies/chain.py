from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

import structlog

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.types import SETTINGS_BOT, BotVersion, MadeBy
from moca.replies.generator import (
    GeneratedReply,
    GenerationError,
    HandOver,
    NoReply,
    Reply,
    ReplyGenerator,
    ReplyRequest,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A generator of a chain, and its name in the settings."""

    name: str
    generator: ReplyGenerator
    is_quick: bool = False
    """Whether it makes no calls, so that its answer is immediate."""


class GeneratorChain:
    """Asks one generator after another until one returns a reply."""

    def __init__(self, links: Sequence[ChainLink], bot: BotVersion = SETTINGS_BOT) -> None:
        self._links = tuple(links)
        self._bot = bot

    @property
    def needs_history(self) -> int:
        """Return the largest need of its generators."""
        return max(link.generator.needs_history for link in self._links)

    @property
    def needs_name(self) -> bool:
        """Return whether any of its generators needs the contact's name."""
        return any(getattr(link.generator, "needs_name", True) for link in self._links)

    @property
    def quick(self) -> "GeneratorChain | None":
        """Return the links before the first slow one; itself if all are quick."""
        links = tuple(takewhile(lambda link: link.is_quick, self._links))
        if links == self._links:
            return self
        return GeneratorChain(links, self._bot) if links else None

    def answers_at_once(self, message: Inbound, now: datetime) -> str | None:
        """Return why a message is answered without a wait; None if it waits like any other."""
        for link in self._links:
            wants = getattr(link.generator, "answers_at_once", None)
            because: str | None = wants(message, now) if wants is not None else None
            if because is not None:
                return because
        return None

    def reply(self, request: ReplyRequest) -> GeneratedReply | HandOver | NoReply:
        """Return the first reply, with the reasons why earlier generators made none.

        Raises:
            GenerationError: If no generator replies and at least one failed; a retry may succeed.
        """
        passed: list[str] = []
        failed = False
        for link in self._links:
            try:
                reply = _reply_of(link, request)
            except GenerationError as error:
                failed = True
                passed.append(f"{link.name}: {error}")
                continue
            match reply:
                case NoReply(because):
                    passed.append(f"{link.name}: {because}")
                case HandOver(because=because):
                    by = self._maker(f"{link.name}: {because}", passed)
                    return replace(reply, because=by, made_by=self._made_by(link, reply.rule))
                case GeneratedReply(by=by):
                    by = self._maker(f"{link.name}: {by}" if by else link.name, passed)
                    made_by = self._made_by(link, reply.rule, reply.topic)
                    return replace(reply, by=by, made_by=made_by)
                case Content():
                    by = self._maker(link.name, passed)
                    is_sample = getattr(link.generator, "is_sample", False)
                    return GeneratedReply(reply, by, is_sample, made_by=self._made_by(link))
        if failed:
            raise GenerationError("; ".join(passed))
        return NoReply("; ".join(passed))

    def _made_by(
        self, link: ChainLink, rule: str | None = None, topic: str | None = None
    ) -> MadeBy:
        is_ai = getattr(link.generator, "is_ai", False)
        return MadeBy(link.name, rule, is_ai, topic, *self._bot)

    def _maker(self, by: str, passed: Sequence[str]) -> str:
        if self._bot.version is not None:
            by = f"{by} ({self._bot})"
        return f"{by}, after {'; '.join(passed)}" if passed else by


def _reply_of(link: ChainLink, request: ReplyRequest) -> Reply:
    try:
        return link.generator.reply(request)
    except GenerationError:
        raise
    except Exception as error:
        # A fault in a third-party generator must not keep the next one from answering.
        log.exception("generator_crashed", generator=link.name)
        raise GenerationError(f"crashed ({type(error).__name__})") from None
