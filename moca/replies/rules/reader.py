import tomllib
from collections.abc import Mapping

from pydantic import ValidationError

from moca.replies.generator import BadGenerator
from moca.replies.rules.book import RuleBook
from moca.replies.rules.file_errors import (
    BadRules,
    described_contents,
    described_duplicates,
    described_faults,
)
from moca.replies.rules.line_numbers import Path, lines_of
from moca.replies.rules.rule_factory import rule_of
from moca.replies.rules.schema import RulesSchema


def read_rules(text: str) -> RuleBook:
    """Read the text of a rules file.

    Raises:
        BadGenerator: With every problem, each with its line.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadGenerator([str(error)]) from None
    return rules_in(values, lines_of(text))


def rules_in(values: Mapping[str, object], lines: Mapping[Path, int]) -> RuleBook:
    """Read the tables of rules.

    Raises:
        BadRules: With every problem, each with its line.
    """
    try:
        shape = RulesSchema.model_validate(values)
    except ValidationError as error:
        raise BadRules(described_faults(error, values, lines)) from None
    rules = tuple(map(rule_of, shape.rule))
    faults = [*described_duplicates(rules, lines), *described_contents(rules, lines)]
    if faults:
        raise BadRules(faults)
    return RuleBook(rules, shape.language)
