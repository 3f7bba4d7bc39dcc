"""Each rule is a form; what its fields do not express, and what is not touched, keeps its bytes."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.bots.document import read_document
from moca.bots.form import fill_in, form_of
from moca.bots.toml import write_rule, write_tables
from moca.core.bots.forms import FieldKind
from tests.bots.test_toml import RULES, TEXTS, WORDS

SHOP = """# Kept in git.
language = "en"

[replies]
generator = "rules, fixed"   # in this order

# What things cost.
[[rule]]
name = "price"  # in euros
keywords = { en = ["price", "cost"], de = ["preis"] }
answers.en = ["Hi {name}! 20 €.",
  "20 €"]
answers.de = "20 Euro"

# Leave it last.
[[rule]]
name = "person"
on = "text"
keywords = ["human"]
answers = "A person will answer."
hand_over = true
quick_replies = [{ title = "Shirts", payload = "SHIRTS" }]
"""
PERSON = SHOP[SHOP.index("# Leave it last.") :]
HEAD = SHOP[: SHOP.index("# What things cost.")]
PRICE = SHOP[len(HEAD) : SHOP.index("# Leave it last.")]


def typed(document: str, **changes: str) -> dict[str, str]:
    """Return what a browser sends of a form, with changes: `price__name` is `rule.0.name`."""
    form = form_of(document)
    assert form.rules is not None
    values = {
        field.path: field.value
        for field in form.fields[1:]
        if field.value or field.kind not in {FieldKind.BOX, FieldKind.BOXES}
    }
    values["rules"] = ", ".join(["", *(str(rule.number) for rule in form.rules)])
    values |= {f"{rule.path}.written": rule.written for rule in form.rules}
    return values | {f"rule.{key}".replace("__", "."): each for key, each in changes.items()}


def rule_of(document: str, number: int = 0) -> Mapping[str, object]:
    rule: Mapping[str, object] = tomllib.loads(document)["rule"][number]
    return rule


def test_a_form_that_is_sent_as_it_was_shown_keeps_every_byte() -> None:
    assert fill_in(SHOP, typed(SHOP)) == SHOP


@given(
    st.lists(
        st.fixed_dictionaries(
            {"name": WORDS},
            optional={
                "keywords": st.dictionaries(st.sampled_from(["en", "de"]), st.lists(TEXTS)),
                "answers": st.lists(TEXTS) | TEXTS,
                "exclude": st.lists(TEXTS),
                "quick_replies": st.lists(st.fixed_dictionaries({"title": TEXTS}), max_size=2),
                "unknown": st.integers(),
            },
        ),
        max_size=3,
    )
)
def test_no_rule_is_changed_by_looking_at_it(rules: list[dict[str, object]]) -> None:
    document = "\n".join(map(write_rule, rules))
    assert tomllib.loads(fill_in(document, typed(document))).get("rule", []) == rules


@given(RULES)
def test_rules_that_are_moved_and_moved_back_are_the_same(rules: list[dict[str, Any]]) -> None:
    document = "\n".join(map(write_rule, rules))
    if len(rules) > 1:
        moved = fill_in(document, typed(document), "down 0")
        assert tomllib.loads(moved)["rule"] == [rules[1], rules[0], *rules[2:]]
        assert fill_in(moved, typed(moved), "up 1") == document


def test_just_the_rule_and_the_key_that_were_changed_are_written_anew() -> None:
    values = typed(SHOP, **{"0__lang__1__answers__0": "25 Euro", "0__exclude": "refund\n\n gift "})
    written = fill_in(SHOP, values)

    assert written.endswith(PERSON)
    assert written.startswith(HEAD)
    assert rule_of(written) == {
        "name": "price",
        "keywords": {"en": ["price", "cost"], "de": ["preis"]},
        "answers": {"en": ["Hi {name}! 20 €.", "20 €"], "de": "25 Euro"},
        "exclude": ["refund", "gift"],
    }


def test_rules_are_moved_removed_and_added_with_their_comments() -> None:
    moved = fill_in(SHOP, typed(SHOP), "up 1")
    assert [rule.name for rule in read_document(moved).rules.rules] == ["person", "price"]
    assert moved == f"{HEAD}{PERSON}\n{PRICE.rstrip()}\n"
    assert fill_in(SHOP, typed(SHOP) | {"rules": "1, 0"}) == moved

    removed = fill_in(SHOP, typed(SHOP), "remove 0")
    assert removed.endswith(PERSON)
    assert fill_in(removed, typed(removed), "remove 0") == HEAD
    added = fill_in("", typed(""), "add")
    assert rule_of(added) == {"on": ["message", "postback"]}
    for act in ("up 0", "down 1", "down 9", "remove", "remove x", "nonsense 1", "\x00"):
        assert fill_in(SHOP, typed(SHOP), act) == SHOP


def test_every_part_of_a_rule_is_filled_in() -> None:
    added = fill_in("", typed(""), "add")
    parts = {
        "0__name": "shirts",
        "0__on": "postback, image",
        "0__payloads": "SHIRTS",
        "0__lang__0__language": "en",
        "0__lang__0__keywords": "shirt\ntee",
        "0__lang__0__patterns": r"\bt-shirt\b",
        "0__lang__0__answers__0": "We have three:\nred, blue",
        "0__lang__1__language": "de",
        "0__lang__1__answers__0": "Drei.",
        "0__buttons__0__title": "Shop",
        "0__buttons__0__url": "https://shop.example",
        "0__topic": "shirts",
        "0__at_once": "1",
    }
    written = fill_in(added, typed(added, **parts))
    assert rule_of(written) == {
        "name": "shirts",
        "on": ["image", "postback"],
        "payloads": ["SHIRTS"],
        "keywords": {"en": ["shirt", "tee"]},
        "patterns": {"en": [r"\bt-shirt\b"]},
        "answers": {"en": "We have three:\nred, blue", "de": "Drei."},
        "buttons": [{"title": "Shop", "url": "https://shop.example"}],
        "topic": "shirts",
        "at_once": True,
    }
    cards = {
        "0__lang__0__answers__0": "",
        "0__lang__1__answers__0": "",
        "0__buttons__0__title": "",
        "0__buttons__0__url": "",
        "0__cards__0__title": "Red",
        "0__cards__0__buttons__0__title": "Buy",
        "0__cards__0__buttons__0__payload": "RED",
    }
    as_cards = rule_of(fill_in(written, typed(written, **cards)))
    assert "answers" not in as_cards
    assert as_cards["cards"] == [{"title": "Red", "buttons": [{"title": "Buy", "payload": "RED"}]}]
    read_document(fill_in(written, typed(written, **cards)))


@pytest.mark.parametrize(
    "rules",
    ["= no", "rule = 3", "rule = [3]", "[[rule]]\nname = 3\n", '[[rule]]\nbuttons = "x"\n'],
)
def test_rules_that_no_form_can_show_stay_toml(rules: str) -> None:
    assert form_of(rules).rules in (None, ())


def test_topics_ice_breakers_and_menu_are_rows() -> None:
    document = '[profile]\nmenu = [{ title = "Prices", payload = "PRICES" }]  # mine\n'
    values = typed(document)
    assert fill_in(document, values) == document

    values |= {
        "topic.other.mode": "draft",
        "topic.0.name": "prices",
        "topic.0.mode": "delay 10 minutes",
        "profile.ice_breakers.0.question": "When are you open?",
        "profile.ice_breakers.0.payload": "HOURS",
        "profile.menu.0.title": "",
        "profile.menu.0.payload": "",
    }
    written = fill_in(document, values)
    assert tomllib.loads(written) == {
        "profile": {"ice_breakers": [{"question": "When are you open?", "payload": "HOURS"}]},
        "topics": {"prices": "delay 10 minutes", "other": "draft"},
    }
    values = typed(written) | {"topic.other.mode": "auto", "topic.0.name": ""}
    assert "topics" not in tomllib.loads(fill_in(written, values))


ODD = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "on", "keywords", "answers", "exclude", "buttons", "cards", "media", "topic", "x"]
)
TABLES = st.sampled_from(["rule", "topics", "profile", "replies", "business_hours", "language"])


@given(st.lists(st.dictionaries(KEYS, ODD), max_size=2), st.dictionaries(TABLES, ODD))
def test_no_document_is_too_odd_to_be_shown_and_none_is_changed_by_it(
    rules: list[dict[str, Any]], tables: dict[str, object]
) -> None:
    document = write_tables({**tables, "rule": rules} if rules else tables)
    form = form_of(document)
    if form.rules is None:
        assert fill_in(document, {"rule": form.rules_text.value}) is not None
    else:
        written = tomllib.loads(fill_in(document, typed(document)))
        assert written.get("rule", []) == tomllib.loads(document).get("rule", [])
