from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from moca.replies.budget import DailyBudget, Spent, nothing_spent
from moca.replies.chain import Chain, Link
from moca.replies.errors import BadGenerator
from moca.replies.fixed import FixedGenerator
from moca.replies.generator import ReplyGenerator
from moca.replies.mock import MockGenerator
from moca.replies.model.options import ModelFigures

ENTRY_POINTS = "moca.replies"
"""The group in which other distributions offer generators: each a callable that takes its table."""

FREE = frozenset({"mock", "rules", "fixed"})
"""Generators that call nobody, so that asking them costs nothing."""

Table = Mapping[str, Any]


def generator_names() -> tuple[str, ...]:
    """Name every generator that `make_generator` can make, our own first."""
    others = entry_points(group=ENTRY_POINTS).names - _OWN.keys()
    return (*_OWN, *sorted(others))


def _as_it_is(_name: str, generator: ReplyGenerator) -> ReplyGenerator:
    return generator


def make_generator(
    names: Sequence[str],
    tables: Mapping[str, Table],
    spent: Spent = nothing_spent,
    wrap: Callable[[str, ReplyGenerator], ReplyGenerator] = _as_it_is,
) -> Chain:
    """Make the generators of these names, in a chain that tells who answered.

    Args:
        names: at least one; the next is asked where one has nothing to say or fails.
        tables: by name what the settings say of it; none is an empty table.
        spent: tells how much of today's budget the contacts have used up before this start.
        wrap: puts something in the place of a generator, by its name.

    Raises:
        BadGenerator: with every problem of every one of them.
    """
    links: list[Link] = []
    problems: list[str] = []
    for name in names:
        try:
            generator = wrap(name, _made(name, tables.get(name, {}), spent))
            links.append(Link(name, generator, is_quick=name in FREE))
        except BadGenerator as error:
            problems += error.problems
    if problems:
        raise BadGenerator(problems)
    return Chain(links)


def _made(name: str, table: Table, spent: Spent) -> ReplyGenerator:
    make = _OWN.get(name) or _maker_from(_entry_point(name))
    try:
        generator = make(table, spent)
    except BadGenerator as error:
        raise BadGenerator(f"replies.{name}.{problem}" for problem in error.problems) from None
    except (TypeError, ValueError) as error:
        raise BadGenerator([f"replies.{name}: {error}"]) from None
    if not isinstance(generator, ReplyGenerator):
        raise BadGenerator([f"replies.{name}: it has no reply() and needs_history to be one"])
    return generator


def _entry_point(name: str) -> EntryPoint:
    for found in entry_points(group=ENTRY_POINTS, name=name):
        return found
    known = generator_names()
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    there_is = f"{hint}there is: {', '.join(known)}"
    raise BadGenerator([f"replies.generator: no generator is called {name!r}; {there_is}"])


def _maker_from(entry_point: EntryPoint) -> Callable[[Table, Spent], ReplyGenerator]:
    try:
        make = entry_point.load()
    except (ImportError, AttributeError) as error:
        where = f"replies.generator: {entry_point.name!r} of {entry_point.value}"
        raise BadGenerator([f"{where} cannot be loaded: {error}"]) from None
    return lambda table, _spent: make(**table)


def _mock(table: Table, _spent: Spent) -> ReplyGenerator:
    return MockGenerator(**table)


def _fixed(table: Table, _spent: Spent) -> ReplyGenerator:
    return FixedGenerator(**table)


def _rules(table: Table, _spent: Spent) -> ReplyGenerator:
    # What reads patterns takes a megabyte or two, which the other generators do without.
    from moca.replies.rules.generator import RulesGenerator  # noqa: PLC0415

    try:
        return RulesGenerator(Path(table["file"]))
    except BadGenerator as error:
        raise BadGenerator(f"file: {problem}" for problem in error.problems) from None


def _model(table: Table, spent: Spent) -> ReplyGenerator:
    figures = ModelFigures(**table)
    if not figures.model:
        raise BadGenerator(["model: which model shall answer?"])
    if not (figures.url or figures.api_key.get_secret_value()):
        raise BadGenerator(["api_key: the provider's own server wants one; or set url to yours"])
    from moca.replies.model.generator import ModelGenerator  # noqa: PLC0415 - as above

    budget = DailyBudget(figures.per_day, figures.per_contact, spent)
    return ModelGenerator(figures, _client(figures), budget)


def _client(figures: ModelFigures) -> Any:
    # The SDKs are an extra, and take a second to import.
    try:
        if figures.provider == "anthropic":
            module = import_module("moca.replies.model.anthropic_messages")
            return module.AnthropicMessages(figures)
        module = import_module("moca.replies.model.chat_completions")
        return module.ChatCompletions(figures)
    except ImportError:
        raise BadGenerator(["provider: needs the extra, pip install -e '.[llm]'"]) from None


_OWN: Mapping[str, Callable[[Table, Spent], ReplyGenerator]] = {
    "mock": _mock,
    "rules": _rules,
    "model": _model,
    "fixed": _fixed,
}
