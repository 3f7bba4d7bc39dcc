from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from moca.core.topics import OTHER
from moca.core.types import SETTINGS_BOT, BotVersion
from moca.replies.budget import BudgetRecord, DailyBudget
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import FixedGenerator, MockGenerator
from moca.replies.generator import BadGenerator, ReplyGenerator
from moca.replies.model.completion import ModelClient
from moca.replies.model.options import ModelOptions

ENTRY_POINTS = "moca.replies"
"""The entry point group of third-party generators: each a callable that takes its table."""

FREE = frozenset({"mock", "rules", "fixed"})
"""Generators that make no external calls, and so cost nothing."""

Table = Mapping[str, Any]


def generator_names() -> tuple[str, ...]:
    """Return the names that `make_generator` accepts, Moca's own first."""
    others = entry_points(group=ENTRY_POINTS).names - _OWN.keys()
    return (*_OWN, *sorted(others))


_NO_RECORD = BudgetRecord()


Wrap = Callable[[str, ReplyGenerator], ReplyGenerator]
"""Returns what replaces a generator, given its name."""


def as_it_is(_name: str, generator: ReplyGenerator) -> ReplyGenerator:
    """Replace nothing."""
    return generator


def make_generator(
    names: Sequence[str],
    tables: Mapping[str, Table],
    record: BudgetRecord = _NO_RECORD,
    wrap: Wrap = as_it_is,
    *,
    topics: Sequence[str] = (),
    bot: BotVersion = SETTINGS_BOT,
) -> GeneratorChain:
    """Build a chain of the named generators, which reports which of them answered.

    Args:
        names: At least one; the next is asked if one has no reply or fails.
        tables: The settings of each generator, by name; a missing table is empty.
        record: Returns how much of today's budget was used before this start, and receives it
            when the budget is used up.
        wrap: Replaces a generator, given its name.
        topics: From which a model chooses the topic of its reply.
        bot: The bot that replies.

    Raises:
        BadGenerator: With every problem of every generator.
    """
    links: list[ChainLink] = []
    problems: list[str] = []
    for name in names:
        try:
            table = tables.get(name, {})
            if name == "model" and set(topics) - {OTHER}:
                table = {**table, "topics": tuple(topics)}
            generator = wrap(name, _made(name, table, record))
            links.append(ChainLink(name, generator, is_quick=name in FREE))
        except BadGenerator as error:
            problems += error.problems
    if problems:
        raise BadGenerator(problems)
    return GeneratorChain(links, bot)


def _made(name: str, table: Table, record: BudgetRecord) -> ReplyGenerator:
    make = _OWN.get(name) or _maker_from(_entry_point(name))
    try:
        generator = make(table, record)
    except BadGenerator as error:
        raise BadGenerator(f"replies.{name}.{problem}" for problem in error.problems) from None
    except (TypeError, ValueError) as error:
        raise BadGenerator([f"replies.{name}: {error}"]) from None
    if not isinstance(generator, ReplyGenerator):
        raise BadGenerator([f"replies.{name}: a generator needs reply() and needs_history"])
    return generator


def _entry_point(name: str) -> EntryPoint:
    for found in entry_points(group=ENTRY_POINTS, name=name):
        return found
    known = generator_names()
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    there_is = f"{hint}available: {', '.join(known)}"
    raise BadGenerator([f"replies.generator: no generator named {name!r}; {there_is}"])


def _maker_from(entry_point: EntryPoint) -> Callable[[Table, BudgetRecord], ReplyGenerator]:
    try:
        make = entry_point.load()
    except (ImportError, AttributeError) as error:
        where = f"replies.generator: {entry_point.name!r} of {entry_point.value}"
        raise BadGenerator([f"{where} cannot be loaded: {error}"]) from None
    return lambda table, _record: make(**table)


def _mock(table: Table, _record: BudgetRecord) -> ReplyGenerator:
    return MockGenerator(**table)


def _fixed(table: Table, _record: BudgetRecord) -> ReplyGenerator:
    return FixedGenerator(**table)


def _rules(table: Table, _record: BudgetRecord) -> ReplyGenerator:
    # Reading patterns takes a megabyte or two, which the other generators do not need.
    from moca.replies.rules.generator import BookGenerator, RulesGenerator  # noqa: PLC0415

    if "book" in table:
        return BookGenerator(table["book"])
    try:
        return RulesGenerator(Path(table["file"]))
    except BadGenerator as error:
        raise BadGenerator(f"file: {problem}" for problem in error.problems) from None


def _model(table: Table, record: BudgetRecord) -> ReplyGenerator:
    options = ModelOptions(**table)
    if not options.model:
        raise BadGenerator(["model: is required"])
    if not (options.url or options.api_key.get_secret_value()):
        raise BadGenerator(["api_key: is required for the provider's own server; or set url"])
    key = options.api_key.get_secret_value()
    if not (key.isascii() and key.isprintable()):
        raise BadGenerator(["api_key: contains a character that no key has, such as a line break"])
    from moca.replies.model.generator import ModelGenerator  # noqa: PLC0415 - as above

    budget = DailyBudget(
        options.per_day,
        options.per_contact,
        record.spent,
        record.report,
        per_account=options.per_account or None,
    )
    return ModelGenerator(options, _client(options), budget)


def _client(options: ModelOptions) -> ModelClient:
    if options.provider == "anthropic":
        from moca.replies.model.anthropic_messages import AnthropicMessages  # noqa: PLC0415

        return AnthropicMessages(options)
    from moca.replies.model.chat_completions import ChatCompletions  # noqa: PLC0415

    return ChatCompletions(options)


_OWN: Mapping[str, Callable[[Table, BudgetRecord], ReplyGenerator]] = {
    "mock": _mock,
    "rules": _rules,
    "model": _model,
    "fixed": _fixed,
}
