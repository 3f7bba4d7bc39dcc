"""A bot's document as a form: its common settings, its topics, profile and rules."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from moca.bots.document import BotSections
from moca.bots.rule_form import NEW_RULE, can_be_form, read_rule, rule_form
from moca.bots.table_form import fill_in_tables, table_groups
from moca.bots.toml import (
    WrittenRule,
    join_rules,
    replace_rules,
    rules_in_text,
    rules_text,
    split_rules,
    write_rule,
)
from moca.core.bots.forms import (
    RULE_ORDER_FIELD,
    RULES_FIELD,
    BotField,
    BotFieldGroup,
    BotForm,
    BotRuleForm,
    FieldKind,
)


class _Spec(NamedTuple):
    path: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[str, ...] = ()


_MAX_RULE_FORMS = 100
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS: Mapping[str, tuple[_Spec, ...]] = {
    "Replies": (
        _Spec("replies.generator", "Generators, tried in this order", FieldKind.LINE),
        _Spec("replies.fixed.text", "Fixed text"),
        _Spec("replies.mock_text", "Text of the mock generator"),
        _Spec(
            "replies.mode",
            "Replies to a burst of messages",
            FieldKind.CHOICE,
            ("per_group", "combined"),
        ),
        _Spec("replies.disclosure", "Disclosure that a bot is writing"),
        _Spec("language", "Language of answers that show none", FieldKind.LINE),
    ),
    "Model": (
        _Spec("replies.model.model", "Name of the model", FieldKind.LINE),
        _Spec("replies.model.prompt", "Prompt; {name} is the contact's name"),
        _Spec("replies.model.history", "Earlier messages shown to it", FieldKind.NUMBER),
        _Spec("replies.model.max_tokens", "Tokens of one reply at most", FieldKind.NUMBER),
        _Spec("replies.model.per_day", "Calls per day at most", FieldKind.NUMBER),
        _Spec(
            "replies.model.per_account",
            "Calls per day and account at most (0: no own limit)",
            FieldKind.NUMBER,
        ),
        _Spec("replies.model.per_contact", "Calls per day and contact at most", FieldKind.NUMBER),
        _Spec("replies.model.may_hand_over", "May hand over to the team", FieldKind.BOX),
    ),
    "Business hours": (
        _Spec("business_hours.enabled", "No replies outside these hours", FieldKind.BOX),
        _Spec("business_hours.timezone", "Time zone", FieldKind.LINE),
        *(_Spec(f"business_hours.{day}", day.capitalize(), FieldKind.LINES) for day in _DAYS),
        _Spec("business_hours.holidays", "Closed on the holidays of", FieldKind.LINE),
        _Spec("business_hours.away_text", "Away text, once per closing"),
        _Spec("business_hours.answer_when_open", "Messages wait for opening", FieldKind.BOX),
    ),
    "Manners": (
        _Spec("manners.opt_out_words", "Words that opt out", FieldKind.LIST),
        _Spec("manners.opt_out_text", "Answer to an opt-out"),
        _Spec("manners.opt_in_words", "Words that opt in again", FieldKind.LIST),
        _Spec("manners.opt_in_text", "Answer to an opt-in"),
        _Spec("manners.escalation_words", "Words that ask for a person", FieldKind.LIST),
        _Spec("manners.hand_over_text", "Text of a hand-over"),
    ),
    "Timings": (
        _Spec("conversation.debounce_seconds", "Wait for more, seconds", FieldKind.NUMBER),
        _Spec("conversation.cooldown_seconds", "Wait after a reply, seconds", FieldKind.NUMBER),
        _Spec("conversation.dedup_seconds", "A repeat within, seconds", FieldKind.NUMBER),
        _Spec(
            "conversation.takeover_minutes",
            "Silent after a teammate's reply, minutes",
            FieldKind.NUMBER,
        ),
        _Spec(
            "conversation.replies_per_hour",
            "Replies to a contact per hour at most",
            FieldKind.NUMBER,
        ),
    ),
}


def form_of(document: str) -> BotForm:
    """Return the form of a document, with its values."""
    tables, rules = split_rules(document)
    groups = [
        BotFieldGroup(title, tuple(_field(spec, tables) for spec in specs))
        for title, specs in _GROUPS.items()
    ]
    text = BotField(RULES_FIELD, "Rules as TOML", FieldKind.TOML, rules)
    forms = _rule_forms(rules) if tables or rules or not document.strip() else None
    return BotForm((*groups, *table_groups(tables)), forms, text)


def fill_in(document: str, values: Mapping[str, str], act: str = "") -> str:
    """Return a document with the values of a form, and all else as it was.

    A box is checked if it is among the values. What is as Moca has it by default is left out.
    Then an act is done to its rules: "add", or "up 2", "down 2", "remove 2" to one of them.
    """
    tables, rules = split_rules(document)
    before = deepcopy(tables)
    for spec in (spec for specs in _GROUPS.values() for spec in specs):
        if spec.path in values or spec.kind is FieldKind.BOX:
            _put(tables, spec, _read(spec.kind, values.get(spec.path, "")))
    fill_in_tables(tables, values)
    typed = _typed_rules(values, act)
    rules = rules if typed is None else typed
    return replace_rules(document, rules) if tables == before else join_rules(tables, rules)


def _rule_forms(rules: str) -> tuple[BotRuleForm, ...] | None:
    try:
        read = rules_in_text(rules)
    except (tomllib.TOMLDecodeError, TypeError):
        return None
    if len(read) > _MAX_RULE_FORMS or not all(can_be_form(rule.values) for rule in read):
        return None
    return tuple(rule_form(number, rule) for number, rule in enumerate(read))


def _typed_rules(values: Mapping[str, str], act: str) -> str | None:
    """Return the rules of a form as TOML; None if it has none."""
    if RULES_FIELD in values:
        return values[RULES_FIELD]
    if RULE_ORDER_FIELD not in values:
        return None
    order = [each.strip() for each in values[RULE_ORDER_FIELD].split(",") if each.strip()]
    by_rule: dict[str, dict[str, str]] = {number: {} for number in order}
    for path, text in values.items():
        head, _, rest = path.partition(".")
        number, _, within = rest.partition(".")
        if head == RULES_FIELD and number in by_rule:
            by_rule[number][within] = text
    rules = [read_rule(_written(by_rule[each]), by_rule[each]) for each in _moved(order, act)]
    if act == "add":
        rules.append(WrittenRule(write_rule(NEW_RULE), NEW_RULE))
    return rules_text(rules)


def _written(typed: Mapping[str, str]) -> WrittenRule:
    try:
        (rule,) = rules_in_text(typed.get("written", ""))
    except (tomllib.TOMLDecodeError, TypeError, ValueError):
        return WrittenRule("", {})
    return rule if can_be_form(rule.values) else WrittenRule("", {})


def _moved(order: list[str], act: str) -> list[str]:
    what, _, number = act.partition(" ")
    if number not in order:
        return order
    place = order.index(number)
    rest = [each for each in order if each != number]
    match what:
        case "up":
            rest.insert(max(place - 1, 0), number)
        case "down":
            rest.insert(place + 1, number)
        case "remove":
            pass
        case _:
            return order
    return rest


def _field(spec: _Spec, tables: Mapping[str, Any]) -> BotField:
    value = _at(tables, spec.path.split("."))
    shown = _default(spec.path) if value is None else value
    between = "\n" if spec.kind is FieldKind.LINES else ", "
    return BotField(spec.path, spec.label, spec.kind, _shown(shown, between), spec.choices)


def _at(tables: Mapping[str, Any], path: Iterable[str]) -> object:
    found: Any = tables
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _default(path: str) -> object:
    found: Any = BotSections()
    for key in path.split("."):
        found = getattr(found, key, "")
    return found


def _shown(value: object, between: str) -> str:
    match value:
        case bool():
            return "1" if value else ""
        case float():
            return f"{value:g}"
        case list() | tuple():
            return between.join(map(str, value))
        case _:
            return str(value)


def _read(kind: FieldKind, typed: str) -> object:
    read: Callable[[str], object] = _READERS.get(kind, str.strip)
    return read(typed)


def _number(typed: str) -> object:
    for convert in (int, float):
        try:
            return convert(typed)
        except ValueError:
            continue
    return typed.strip()


def _list(typed: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n]", typed) if each.strip()]


_READERS: Mapping[FieldKind, Callable[[str], object]] = {
    FieldKind.NUMBER: _number,
    FieldKind.LIST: _list,
    FieldKind.LINES: _list,
    FieldKind.BOX: bool,
}


def _put(tables: dict[str, Any], spec: _Spec, value: object) -> None:
    *around, last = spec.path.split(".")
    default = _default(spec.path)
    is_default = value == (list(default) if isinstance(default, tuple) else default)
    table: Any = tables
    for key in around:
        if is_default and key not in table:
            return
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            return
    if is_default:
        table.pop(last, None)
    else:
        table[last] = value
