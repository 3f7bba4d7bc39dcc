from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

import structlog

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.replies.generator import (
    GenerationError,
    HandOver,
    NoReply,
    Reply,
    ReplyGenerator,
    ReplyRequest,
    Say,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Link:
    """A generator of a chain, and what the settings call it."""

    name: str
    generator: ReplyGenerator
    is_quick: bool = False
    """Whether it calls nobody, so that its answer is there at once."""


class Chain:
    """Asks one generator after another until one has something to say."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = tuple(links)

    @property
    def needs_history(self) -> int:
        """As much as the one that wants the most."""
        return max(link.generator.needs_history for link in self._links)

    @property
    def needs_name(self) -> bool:
        """Whether one of them wants to know what the contact is called."""
        return any(getattr(link.generator, "needs_name", True) for link in self._links)

    @property
    def quick(self) -> "Chain | None":
        """The links before the first one that may take its time; itself where none does."""
        links = tuple(takewhile(lambda link: link.is_quick, self._links))
        if links == self._links:
            return self
        return Chain(links) if links else None

    def answers_at_once(self, message: Inbound, now: datetime) -> str | None:
        """Return why a message is answered without a wait; None where it waits as any other."""
        for link in self._links:
            wants = getattr(link.generator, "answers_at_once", None)
            because: str | None = wants(message, now) if wants is not None else None
            if because is not None:
                return because
        return None

    def reply(self, request: ReplyRequest) -> Say | HandOver | NoReply:
        """Give the first answer there is, and say why those before gave none.

        Raises:
            GenerationError: nobody answers, and at least one failed to: asked again, it may.
        """
        passed: list[str] = []
        failed = False
        for link in self._links:
            try:
                reply = _asked(link, request)
            except GenerationError as error:
                failed = True
                passed.append(f"{link.name}: {error}")
                continue
            match reply:
                case NoReply(because):
                    passed.append(f"{link.name}: {because}")
                case HandOver(because, content):
                    return HandOver(_told(f"{link.name}: {because}", passed), content)
                case Say(content=content, by=by):
                    told = _told(f"{link.name}: {by}" if by else link.name, passed)
                    return Say(content, told, is_sample=reply.is_sample)
                case Content():
                    is_sample = getattr(link.generator, "is_sample", False)
                    return Say(reply, _told(link.name, passed), is_sample=is_sample)
        if failed:
            raise GenerationError("; ".join(passed))
        return NoReply("; ".join(passed))


def _asked(link: Link, request: ReplyRequest) -> Reply:
    try:
        return link.generator.reply(request)
    except GenerationError:
        raise
    except Exception as error:
        # A fault of somebody else's generator must not keep the next one from answering.
        log.exception("generator_crashed", generator=link.name)
        raise GenerationError(f"crashed ({type(error).__name__})") from None


def _told(by: str, passed: Sequence[str]) -> str:
    return f"{by}, after {'; '.join(passed)}" if passed else by
