"""The TOML of cases: what a contact writes, and what a bot must do."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from moca.bots.toml import parse_toml, write_tables
from moca.core.bots.cases import MAX_CASES, MAX_CASES_BYTES, BotCase, CaseExpectation
from moca.core.bots.documents import BadDocument, DocumentFault
from moca.replies.rules.line_numbers import Path, line_of, lines_of
from moca.replies.rules.rule_input import check_event


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Filled = Annotated[str, Field(pattern=r"\S", max_length=2000)]
_Texts = Annotated[tuple[_Filled, ...], BeforeValidator(_listed)]
_Event = Annotated[str, AfterValidator(check_event)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ExpectationTable(_Table):
    text: _Filled | None = None
    contains: _Texts = ()
    generator: _Filled | None = None
    rule: _Filled | None = None
    topic: _Filled | None = None
    hand_over: bool | None = None
    silence: bool | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if self == _ExpectationTable.model_construct():
            known = ", ".join(type(self).model_fields)
            raise ValueError(f"expects nothing; give one of {known}")
        if self.silence and (self.text or self.contains):
            raise ValueError("silence has no text")
        return self


class _CaseTable(_Table):
    name: str = Field(min_length=1, max_length=100)
    message: Annotated[tuple[_Filled, ...], BeforeValidator(_listed), Field(min_length=1)]
    on: _Event = "message"
    contact: str = Field("", max_length=200)
    language: str = Field("", max_length=40)
    at: AwareDatetime | NaiveDatetime | None = None
    expect: _ExpectationTable


class _CasesTable(_Table):
    case: Annotated[tuple[_CaseTable, ...], Field(max_length=MAX_CASES)] = ()


def read_cases(text: str) -> tuple[BotCase, ...]:
    """Read cases, which are TOML.

    Raises:
        BadDocument: With every fault.
    """
    values = parse_toml(text, MAX_CASES_BYTES)
    try:
        read = _CasesTable.model_validate(values)
    except ValidationError as error:
        raise BadDocument(_faults(error, values, lines_of(text))) from None
    names = [case.name for case in read.case]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults = (f"case {name!r}: another case already has this name" for name in twice)
        raise BadDocument(DocumentFault("case", fault) for fault in faults)
    return tuple(map(_case, read.case))


def add_case(text: str, case: BotCase) -> str:
    """Return the TOML of cases with one more at its end; its name is made unlike the others.

    Raises:
        BadDocument: If there would be too many.
    """
    names = {each.name for each in read_cases(text)}
    numbered = (f"{case.name[:90]} ({number})" for number in range(2, MAX_CASES + 2))
    name = next(each for each in (case.name, *numbered) if each not in names)
    table = {"name": name, **_table_of(case)}
    parted = f"{text.rstrip()}\n\n" if text.strip() else ""
    added = f"{parted}{write_tables({'case': [table]})}"
    read_cases(added)
    return added


def _case(table: _CaseTable) -> BotCase:
    expect = CaseExpectation(**table.expect.model_dump())
    rest = table.model_dump(exclude={"message", "expect"})
    return BotCase(messages=table.message, expect=expect, **rest)


def _table_of(case: BotCase) -> dict[str, object]:
    first, *more = case.messages
    values: dict[str, object] = {
        "message": [first, *more] if more else first,
        "on": "" if case.on == "message" else case.on,
        "contact": case.contact,
        "language": case.language,
        "at": case.at,
    }
    expect = case.expect
    wanted = {key: getattr(expect, key) for key in _ExpectationTable.model_fields}
    values["expect"] = {key: value for key, value in wanted.items() if value not in (None, ())}
    return {key: value for key, value in values.items() if value not in (None, "")}


def _faults(
    error: ValidationError, values: Mapping[str, Any], lines: Mapping[Path, int]
) -> Iterator[DocumentFault]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        line = line_of(lines, fault["loc"])
        parts = (f"line {line}" if line else "", *_place(fault, values), _message(fault))
        yield DocumentFault("case", ": ".join(part for part in parts if part))


def _place(fault: ErrorDetails, values: Mapping[str, Any]) -> tuple[str, str]:
    match fault["loc"]:
        case ("case", int(index), *within):
            table = values["case"][index]
            name = table.get("name") if isinstance(table, dict) else None
            of = f"case {name!r}" if isinstance(name, str) else f"case {index + 1}"
        case within:
            of = ""
    return of, ".".join(map(str, within))


def _message(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key"
    return fault["msg"].removeprefix("Value error, ")
