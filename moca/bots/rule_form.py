"""A rule as a form. What the fields do not express stays as it is written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from moca.bots.rows import filled_rows, row_fields
from moca.bots.toml import WrittenRule, write_rule
from moca.core.bots.forms import BotField, BotFieldGroup, BotRuleForm, FieldKind
from moca.core.content.validation import MAX_BUTTONS, MAX_CARDS, MAX_QUICK_REPLIES, MEDIA_TYPES
from moca.replies.rules.rule_input import EVENTS
from moca.replies.rules.schema import ANY_LANGUAGE, RuleSchema

NEW_RULE = {"on": ["message", "postback"]}
_USUAL_EVENTS = ("message", "postback")
_BY_LANGUAGE = ("keywords", "patterns", "answers")
_TEXT, _LINE, _LINES = FieldKind.TEXT, FieldKind.LINE, FieldKind.LINES
_TITLES = {"title": "title", "url": "address it opens", "payload": "payload"}
_CARD = {"title": "title", "subtitle": "subtitle", "image_url": "picture", "url": "address"}


def rule_form(number: int, rule: WrittenRule) -> BotRuleForm:
    """Return the form of a rule that `can_be_form`."""
    path, values = f"rule.{number}", rule.values
    groups = (
        BotFieldGroup("When", tuple(_conditions(path, values))),
        *_languages(path, values),
        BotFieldGroup("Quick replies", _rows(path, values, "quick_replies", MAX_QUICK_REPLIES)),
        BotFieldGroup("Buttons", _rows(path, values, "buttons", MAX_BUTTONS)),
        *_cards(path, values),
        BotFieldGroup("Media instead of a text", tuple(_media(path, values))),
        BotFieldGroup("Topic and hand-over", tuple(_effects(path, values))),
    )
    return BotRuleForm(number, path, values.get("name", ""), rule.text, groups)


def can_be_form(values: Mapping[str, Any]) -> bool:
    """Return whether every key of a rule has the type that its field shows."""
    try:
        RuleSchema.model_validate(values)
    except ValidationError as error:
        return not any(each["type"].endswith("_type") for each in error.errors())
    return True


def read_rule(rule: WrittenRule, typed: Mapping[str, str]) -> WrittenRule:
    """Return a rule with what was typed, by the path within the rule.

    Each key that was left as it was stays as it is written.
    """
    form = rule_form(0, rule)
    fields = (field for group in form.groups for field in group.fields)
    shown = _read({field.path.removeprefix("rule.0."): field.value for field in fields})
    changed = {key: value for key, value in _read(typed).items() if value != shown[key]}
    if not changed:
        return rule
    values = {**rule.values, **changed}
    nothing: tuple[object, ...] = (None, "", [], {}, False)
    kept = {key: value for key, value in values.items() if key == "on" or value not in nothing}
    return WrittenRule(write_rule(kept), kept)


def _conditions(path: str, values: Mapping[str, Any]) -> Iterator[BotField]:
    events = _listed(values.get("on", _USUAL_EVENTS))
    yield BotField(f"{path}.name", "Name", _LINE, values.get("name", ""))
    yield BotField(f"{path}.on", "Kinds of event", FieldKind.BOXES, ", ".join(events), EVENTS)
    exclude, payloads = _lines(values.get("exclude", ())), _lines(values.get("payloads", ()))
    yield BotField(f"{path}.exclude", "Words that exclude, one per line", _LINES, exclude)
    label = "Payloads of quick replies and buttons, one per line"
    yield BotField(f"{path}.payloads", label, _LINES, payloads)


def _languages(path: str, values: Mapping[str, Any]) -> Iterator[BotFieldGroup]:
    tables = {key: _per_language(values.get(key, {})) for key in _BY_LANGUAGE}
    known = list(dict.fromkeys(name for key in reversed(_BY_LANGUAGE) for name in tables[key]))
    known = known or [ANY_LANGUAGE]
    for number, language in enumerate([*known, ANY_LANGUAGE]):
        is_new = number == len(known)
        own = {key: () if is_new else tables[key].get(language, ()) for key in _BY_LANGUAGE}
        title = f"Language {language}" if language else "Any language"
        fields = tuple(_language(f"{path}.lang.{number}", path, language, own))
        yield BotFieldGroup("Another language" if is_new else title, fields)


def _language(
    path: str, rule: str, language: str, own: Mapping[str, Sequence[str]]
) -> Iterator[BotField]:
    def place(key: str, *more: object) -> str:
        return ".".join(map(str, (rule, key, *([language] if language else ()), *more)))

    yield BotField(f"{path}.language", "Language, such as en; empty for any", _LINE, language)
    for key, what in (("keywords", "Keywords"), ("patterns", "Patterns (regular expressions)")):
        label = f"{what}, one per line"
        yield BotField(f"{path}.{key}", label, _LINES, _lines(own[key]), place=place(key))
    for number, text in enumerate((*own["answers"], "")):
        label = f"Answer {number + 1}; {{name}} and {{first_name|there}} are filled in"
        at = place("answers", number)
        yield BotField(f"{path}.answers.{number}", label, _TEXT, text, place=at)


def _rows(path: str, values: Mapping[str, Any], key: str, most: int) -> tuple[BotField, ...]:
    labels = _TITLES if key == "buttons" else {"title": "title", "payload": "payload"}
    what = "Button" if key == "buttons" else "Quick reply"
    return row_fields(f"{path}.{key}", what, labels, values.get(key, ()), most)


def _cards(path: str, values: Mapping[str, Any]) -> Iterator[BotFieldGroup]:
    cards = [*values.get("cards", ()), {}][:MAX_CARDS]
    for number, card in enumerate(cards):
        at = f"{path}.cards.{number}"
        own = (
            BotField(f"{at}.{key}", label.capitalize(), _LINE, card.get(key) or "")
            for key, label in _CARD.items()
        )
        buttons = row_fields(f"{at}.buttons", "Button", _TITLES, card.get("buttons", ()), 3)
        yield BotFieldGroup(f"Card {number + 1}", (*own, *buttons))


def _media(path: str, values: Mapping[str, Any]) -> Iterator[BotField]:
    media = values.get("media") or {}
    choices = ("", *MEDIA_TYPES)
    yield BotField(f"{path}.media.type", "Kind", FieldKind.CHOICE, media.get("type", ""), choices)
    yield BotField(f"{path}.media.url", "Public address", _LINE, media.get("url", ""))


def _effects(path: str, values: Mapping[str, Any]) -> Iterator[BotField]:
    yield BotField(f"{path}.topic", "Topic", _LINE, values.get("topic") or "")
    for key, label in (
        ("hand_over", "Hand over to the team afterwards"),
        ("at_once", "Answer at once, without waiting for more"),
    ):
        yield BotField(f"{path}.{key}", label, FieldKind.BOX, "1" if values.get(key) else "")


def _read(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys of a rule as they would be written; falsy for those that are left out."""
    cards = filled_rows(typed, "cards", tuple(_CARD))
    for number, card in cards.items():
        buttons = filled_rows(typed, f"cards.{number}.buttons", tuple(_TITLES))
        if buttons:
            card["buttons"] = [*buttons.values()]
    media = {
        key: text for key in ("type", "url") if (text := typed.get(f"media.{key}", "").strip())
    }
    return {
        "name": typed.get("name", "").strip(),
        "on": _events(typed.get("on", "")),
        "exclude": _split(typed.get("exclude", "")),
        "payloads": _split(typed.get("payloads", "")),
        **{key: _table(typed, key) for key in _BY_LANGUAGE},
        "quick_replies": [*filled_rows(typed, "quick_replies", ("title", "payload")).values()],
        "buttons": [*filled_rows(typed, "buttons", tuple(_TITLES)).values()],
        "cards": [*cards.values()],
        "media": {key: text for key, text in media.items() if text},
        "topic": typed.get("topic", "").strip(),
        "hand_over": bool(typed.get("hand_over")),
        "at_once": bool(typed.get("at_once")),
    }


def _table(typed: Mapping[str, str], key: str) -> dict[str, Any] | list[str] | str:
    """Return what is typed for a key by language, in the shortest way to write it."""
    table: dict[str, list[str]] = {}
    number = 0
    while f"lang.{number}.language" in typed:
        language = typed[f"lang.{number}.language"].strip()
        found = list(_texts(typed, f"lang.{number}.{key}", is_answer=key == "answers"))
        if found:
            table.setdefault(language, []).extend(found)
        number += 1
    short = {name: _short(each, key) for name, each in table.items()}
    return short[ANY_LANGUAGE] if [*short] == [ANY_LANGUAGE] else short


def _texts(typed: Mapping[str, str], path: str, *, is_answer: bool) -> Iterator[str]:
    if not is_answer:
        yield from _split(typed.get(path, ""))
        return
    number = 0
    while (text := typed.get(f"{path}.{number}")) is not None:
        if text.strip():
            yield text
        number += 1


def _short(texts: list[str], key: str) -> list[str] | str:
    return texts[0] if key == "answers" and len(texts) == 1 else texts


def _per_language(value: object) -> dict[str, Sequence[str]]:
    if isinstance(value, dict):
        return {language: _listed(each) for language, each in value.items()}
    return {ANY_LANGUAGE: found} if (found := _listed(value)) else {}


def _listed(value: Any) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(value)


def _lines(value: Any) -> str:
    return "\n".join(_listed(value))


def _split(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _events(text: str) -> list[str]:
    typed = {each.strip() for each in text.split(",")}
    return [each for each in EVENTS if each in typed]
