"""What is expected of a bot: a contact's messages, and who must answer them with what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from moca.core.bots.trials import TrialReply
from moca.core.topics import OTHER, Mode

MAX_CASES = 200
MAX_CASES_BYTES = 48_000
"""Of all cases of a bot, as TOML; fits in the body of an API request."""
USUAL_INSTANT = datetime(2026, 1, 5, 10, tzinfo=UTC)
"""When a case happens that names no time: this Monday, or the bot's next business hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExpectation:
    """What a bot must do; None is not looked at."""

    text: str | None = field(default=None, repr=False)
    """The whole text."""
    contains: tuple[str, ...] = field(default=(), repr=False)
    generator: str | None = None
    rule: str | None = None
    topic: str | None = None
    hand_over: bool | None = None
    silence: bool | None = None
    """Whether nothing at all is sent."""

    @property
    def needs_only_the_generator(self) -> bool:
        """Whether it is enough to know which generator would be asked."""
        return self == CaseExpectation(generator=self.generator)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotCase:
    """An exchange with a contact, and what is expected of the bot."""

    name: str
    messages: tuple[str, ...] = field(repr=False)
    """What the contact writes, to be answered together; of a tap its payload."""
    on: str = "message"
    """An event as rules name them."""
    contact: str = field(default="", repr=False)
    """The contact's name; empty if it is not known."""
    language: str = ""
    """Of the answer, where the messages show none; empty for the bot's."""
    at: datetime | None = None
    """Without a zone in that of the business hours; None for any time within them."""
    expect: CaseExpectation


class CaseVerdict(StrEnum):
    """Whether a bot does what a case expects."""

    PASSED = "passed"
    FAILED = "failed"
    NEEDS_MODEL = "needs the model"
    """It depends on a generator that is not asked, because that may cost money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of a case."""

    case: BotCase
    verdict: CaseVerdict
    problems: tuple[str, ...] = ()
    """What was expected and what is, one line each."""
    reply: TrialReply | None = field(default=None, repr=False)


def judge(case: BotCase, reply: TrialReply) -> CaseResult:
    """Compare what a bot does with what is expected."""
    if reply.is_unasked and not case.expect.needs_only_the_generator:
        is_other = case.expect.generator not in (None, reply.generator)
        if not is_other and case.expect.rule is None:
            return CaseResult(case=case, verdict=CaseVerdict.NEEDS_MODEL, reply=reply)
    problems = tuple(_problems(case.expect, reply))
    verdict = CaseVerdict.FAILED if problems else CaseVerdict.PASSED
    return CaseResult(case=case, verdict=verdict, problems=problems, reply=reply)


def _problems(expected: CaseExpectation, reply: TrialReply) -> Iterator[str]:
    names = (
        ("generator", expected.generator, reply.generator),
        ("rule", expected.rule, reply.rule),
        ("topic", expected.topic, reply.topic or OTHER),
    )
    for what, wanted, found in names:
        if wanted is not None and wanted != found:
            yield f"{what}: expected {wanted!r}, but it is {_named(found)} ({reply.why})"
    if reply.is_unasked:
        return
    said = None if reply.mode is Mode.OFF else reply.reply
    if expected.text is not None and expected.text.strip() != (said or "").strip():
        yield f"text: expected {expected.text.strip()!r}, but it is {_named(said)}"
    for part in expected.contains:
        if part not in (said or ""):
            yield f"contains: expected {part!r} in {_named(said)}"
    if expected.hand_over is not None and expected.hand_over != reply.hands_over:
        yield f"hand_over: expected {_yes(expected.hand_over)}, but {reply.why}"
    if expected.silence is not None and expected.silence != reply.is_silent:
        yield f"silence: expected {_yes(expected.silence)}, but the reply is {_named(said)}"


def _named(value: str | None) -> str:
    return "none" if value is None else repr(value)


def _yes(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"
