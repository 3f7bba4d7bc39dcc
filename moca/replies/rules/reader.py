import tomllib

from pydantic import ValidationError

from moca.replies.generator import BadGenerator
from moca.replies.rules.book import RuleBook
from moca.replies.rules.file_errors import (
    described_contents,
    described_duplicates,
    described_faults,
)
from moca.replies.rules.line_numbers import lines_of
from moca.replies.rules.rule_factory import rule_of
from moca.replies.rules.schema import RulesSchema


def read_rules(text: str) -> RuleBook:
    """Read the text of a rules file.

    Raises:
        BadGenerator: With every problem, each with its line.
    """
    try:
        values = tomllib.loads(text)
        lines = lines_of(text)
        shape = RulesSchema.model_validate(values)
    except tomllib.TOMLDecodeError as error:
        raise BadGenerator([str(error)]) from None
    except ValidationError as error:
        raise BadGenerator(described_faults(error, values, lines)) from None
    rules = tuple(map(rule_of, shape.rule))
    faults = [*described_duplicates(rules, lines), *described_contents(rules, lines)]
    if faults:
        raise BadGenerator(faults)
    return RuleBook(rules, shape.language)
