"""Exchanges with contacts, as cases of what is expected of a bot from then on."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from moca.core.bots.cases import BotCase, CaseExpectation
from moca.core.content.pseudonyms import STAND_IN_NAME, Pseudonyms
from moca.core.types import MadeBy

_MAX_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a contact wrote, and what the bot did with it."""

    texts: tuple[str, ...] = field(repr=False)
    """What it answered together, oldest first; of a tap its payload."""
    on: str
    at: datetime
    contact_name: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    reply: str | None = field(repr=False)
    """As the bot wrote it; None if nothing was sent."""
    made_by: MadeBy | None
    """None if no generator made it."""
    is_handover: bool = False


def case_of(exchange: Exchange) -> BotCase:
    """Return the case that a bot meets if it does the same again, without personal data.

    Of a model's reply just the generator is expected: its texts differ, and quote contacts.
    """
    names = Pseudonyms(exchange.contact_name, exchange.username)
    messages = tuple(names.replace_in(text) for text in exchange.texts)
    return BotCase(
        name=" ".join(messages[0].split())[:_MAX_NAME] or exchange.on,
        messages=messages,
        on=exchange.on,
        contact=STAND_IN_NAME if exchange.contact_name else "",
        at=exchange.at.replace(second=0, microsecond=0),
        expect=_expectation(exchange, names),
    )


def _expectation(exchange: Exchange, names: Pseudonyms) -> CaseExpectation:
    made_by = exchange.made_by
    if made_by is not None and made_by.is_ai:
        return CaseExpectation(generator=made_by.generator)
    expected = CaseExpectation(hand_over=True if exchange.is_handover else None)
    if made_by is not None:
        generator = made_by.generator if made_by.rule is None else None
        expected = replace(
            expected, rule=made_by.rule, generator=generator, topic=made_by.topic or None
        )
    if exchange.reply is None:
        return expected if exchange.is_handover else replace(expected, silence=True)
    text = names.without_names(exchange.reply.strip())
    # A disclosure may stand before the text, and is not said each time.
    _, parted, rest = text.partition("\n\n")
    if parted:
        return replace(expected, contains=(rest,))
    return replace(expected, text=text) if text else expected
