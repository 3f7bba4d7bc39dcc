from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from moca.core.content.validation import fault_in
from moca.replies.generator import BadGenerator
from moca.replies.rules.line_numbers import Path, line_of
from moca.replies.rules.rule import Rule
from moca.replies.rules.schema import ANY_LANGUAGE, TABLES, RulesSchema


class RuleFault(NamedTuple):
    """What is wrong with a rules file, in one line: where it is, in which rule, and the fix."""

    path: Path
    """Such as `("rule", 0, "answers", "de", 1)`."""
    text: str


class BadRules(BadGenerator):
    """Raised if a rules file cannot be used; has every fault with its place."""

    def __init__(self, faults: Sequence[RuleFault]) -> None:
        super().__init__(fault.text for fault in faults)
        self.faults = tuple(faults)


def described_faults(
    error: ValidationError, values: Mapping[str, object], lines: Mapping[Path, int]
) -> list[RuleFault]:
    """Describe each error of a rules file."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    placed = [(line_of(lines, _path_of(fault)) or 0, fault) for fault in faults]
    placed.sort(key=lambda each: each[0])
    return [RuleFault(_path_of(each), _described(line, each, values)) for line, each in placed]


def described_duplicates(rules: Sequence[Rule], lines: Mapping[Path, int]) -> Iterator[RuleFault]:
    """Report rules with the name of an earlier one, which a journey could not tell apart."""
    names: set[str] = set()
    for index, rule in enumerate(rules):
        if rule.name in names:
            text = _placed(lines, index, rule, (), "another rule already has this name")
            yield RuleFault(("rule", index, "name"), text)
        names.add(rule.name)


def described_contents(rules: Sequence[Rule], lines: Mapping[Path, int]) -> Iterator[RuleFault]:
    """Report rules whose content Instagram would refuse, each with its first fault."""
    for index, rule in enumerate(rules):
        fault = next(filter(None, map(fault_in, rule.contents())), None)
        if fault is not None:
            place = fault.partition(": ")[0].replace("text", "answers").split(".")
            path = tuple(int(part) if part.isdigit() else part for part in place)
            yield RuleFault(("rule", index, *path), _placed(lines, index, rule, path, fault))


def _placed(lines: Mapping[Path, int], index: int, rule: Rule, path: Path, fault: str) -> str:
    return f"line {line_of(lines, ('rule', index, *path))}: rule {rule.name!r}: {fault}"


def _path_of(fault: ErrorDetails) -> Path:
    return tuple(part for part in fault["loc"] if part != ANY_LANGUAGE)


def _described(line: int, fault: ErrorDetails, values: Mapping[str, object]) -> str:
    path = _path_of(fault)
    rule, within = _rule_of(path, values)
    where = ".".join(str(part) for part in within)
    parts = (f"line {line}" if line else "", rule, where, _value_text(fault, path))
    return ": ".join(part for part in parts if part)


def _rule_of(path: Path, values: Mapping[str, Any]) -> tuple[str, Path]:
    match path:
        case ("rule", int(index), *within):
            rule = values["rule"][index]
            name = rule.get("name") if isinstance(rule, dict) else None
            return f"rule {name!r}" if isinstance(name, str) else f"rule {index + 1}", tuple(within)
        case _:
            return "", path


def _value_text(fault: ErrorDetails, path: Path) -> str:
    if fault["type"] != "extra_forbidden":
        return fault["msg"].removeprefix("Value error, ")
    around = [part for part in path[:-1] if isinstance(part, str)]
    known = list(TABLES.get(around[-1] if around else "", RulesSchema).model_fields)
    near = get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key; {hint}"
