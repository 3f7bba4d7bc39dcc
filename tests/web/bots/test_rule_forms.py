"""Rules are forms on the page of a bot, and are added, moved and removed without a script."""

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.db.bot_tables import StoredBot
from tests.actors.bots.test_workshop import MODEL
from tests.web.bots.page_form import Fields, fields_of
from tests.web.bots.test_bot_pages import form_of, make, save
from tests.web.conftest import logged_in
from tests.web.forms import sends

RULES = """[[rule]]
name = "price"  # in euros
keywords = ["price"]
answers = "20 €"

[[rule]]
name = "size"
keywords = ["size"]
answers = "M and L"
"""
HOSTILE = "</textarea><script>alert(1)</script>\"'{{ 7 * 7 }}"


def made(client: FlaskClient) -> Fields:
    make(client, replies__generator="rules, fixed", rule=RULES)
    return form_of(client)


def acted(client: FlaskClient, fields: Fields, act: str) -> Fields:
    """Return the form after an act on its rules, which saves nothing."""
    before = StoredBot.get().draft
    answer = sends(client, "/bots/shop/form", fields, act=act)
    assert (answer.status_code, StoredBot.get().draft) == (200, before)
    return fields_of(answer.text)


def names(fields: Fields) -> list[str]:
    return [fields[f"rule.{number}.name"][0] for number in fields["rules"] if number]


def beside(page: str, path: str) -> str:
    (found,) = re.findall(rf'id="bad-{re.escape(path)}">(.*?)</ul>', unescape(page))
    return str(found)


def test_rules_are_added_moved_and_removed_and_then_saved(browser_session: FlaskClient) -> None:
    fields = made(browser_session)
    moved = acted(browser_session, fields, "down 0")
    assert names(moved) == ["size", "price"]
    added = acted(browser_session, moved, "add")
    added |= {"rule.2.name": ["all"], "rule.2.lang.0.answers.0": ["Hello"]}
    assert names(acted(browser_session, added, "remove 0")) == ["price", "all"]

    assert sends(browser_session, "/bots/shop/draft", added).status_code == 303
    draft = StoredBot.get().draft
    assert re.findall(r"name = (.*)", draft) == ['"size"', '"price"  # in euros', '"all"']


def test_rules_are_edited_as_toml_and_as_forms_in_turn(browser_session: FlaskClient) -> None:
    fields = made(browser_session)
    fields["rule.1.name"] = ["sizes"]
    as_toml = acted(browser_session, fields, "toml")
    assert as_toml["rule"][0].startswith(RULES[: RULES.index("[[rule]]", 1)])
    assert 'name = "sizes"' in as_toml["rule"][0]
    assert "rules" not in as_toml
    assert names(acted(browser_session, as_toml, "forms")) == ["price", "sizes"]
    broken = as_toml | {"rule": ["[[rule]"]}
    broken |= {"replies.disclosure": ["A bot."]}
    for shown in (
        acted(browser_session, broken, "forms"),
        fields_of(sends(browser_session, "/bots/shop/draft", broken).text),
    ):
        assert (shown["rule"], shown["replies.disclosure"]) == (["[[rule]"], ["A bot."])


def test_every_fault_of_a_rule_stands_beside_its_field(browser_session: FlaskClient) -> None:
    fields = made(browser_session)
    fields |= {
        "rule.0.lang.0.patterns": ["("],
        "rule.0.topic": ["Prices"],
        "rule.1.lang.0.answers.0": ["Hello {nme}"],
        "topic.0.name": ["prices"],
        "topic.0.mode": ["sometimes"],
        "profile.menu.0.title": ["Shop"],
    }
    fields["rule.1.name"] = ["price"]
    refused = sends(browser_session, "/bots/shop/draft", fields)

    assert refused.status_code == 422
    assert "not a regular expression" in beside(refused.text, "rule.0.lang.0.patterns")
    assert "lower case" in beside(refused.text, "rule.0.topic")
    assert "did you mean {name}" in beside(refused.text, "rule.1.lang.0.answers.0")
    assert '"auto"' in beside(refused.text, "topic.0.mode")
    assert "either url or payload" in refused.text
    assert fields_of(refused.text)["rule.1.lang.0.answers.0"] == ["Hello {nme}"]


def test_markup_and_oddities_in_every_field_stay_text(browser_session: FlaskClient) -> None:
    fields = made(browser_session)
    kept = {"revision", "rules", "csrf_token"}
    odd = {name: [HOSTILE] * len(each) for name, each in fields.items() if name not in kept}
    refused = sends(browser_session, "/bots/shop/draft", fields | odd)

    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert "49" not in fields_of(refused.text)["rule.0.name"][0]
    for path in ("draft", "try"):
        nul = fields | {"rule.0.name": ["a\x00b"], "try_text": "x"}
        assert sends(browser_session, f"/bots/shop/{path}", nul).status_code in {400, 422}
    huge = fields | {"rule.0.lang.0.answers.0": ["x" * 60_000]}
    assert sends(browser_session, "/bots/shop/draft", huge).status_code in {303, 422}
    many = {"rules": [str(each) for each in range(3000)]}
    assert sends(browser_session, "/bots/shop/form", fields | many).status_code == 200


def test_the_phone_shows_buttons_language_and_who_would_answer(
    browser_session: FlaskClient,
) -> None:
    fields = made(browser_session)
    fields |= {
        "rule.0.lang.0.language": ["en"],
        "rule.0.lang.1.language": ["de"],
        "rule.0.lang.1.answers.0": ["20 Euro"],
        "rule.0.payloads": ["PRICE"],
        "rule.0.quick_replies.0.title": ["Shirts"],
        "profile.ice_breakers.0.question": ["When are you open?"],
        "profile.ice_breakers.0.payload": ["HOURS"],
    }
    phone = {"try_text": "PRICE", "try_kind": "postback", "try_language": "de"}
    tried = unescape(sends(browser_session, "/bots/shop/try", {**fields, **phone}).text)

    assert '<p class="bubble done" dir="auto">20 Euro</p>' in tried
    assert '<p class="tap" dir="auto">Shirts</p>' in tried
    assert "<option selected>de</option>" in tried
    assert "<li><bdi>rule 'size'</bdi>: <bdi>none of its keywords was found</bdi></li>" in tried
    shown = sends(browser_session, "/bots/shop/form", fields, act="").text
    assert '<p class="tap" dir="auto">When are you open?</p>' in shown


def test_the_model_is_asked_only_on_a_press(app: Flask, workshop: Workshop) -> None:
    settings = Settings.model_validate({"replies": {"model": MODEL}})
    factory = BotFactory(settings, lambda _name: BudgetRecord())
    workshop._settings, workshop._factory = settings, factory
    client = logged_in(app)
    make(client, replies__generator="model, fixed", replies__model__model="small")
    fields = form_of(client) | {"try_text": ["hello"]}

    tried = sends(client, "/bots/shop/try", fields).text
    assert "The model would be asked." in tried
    assert 'name="try_model" value="1"' in tried
    pressed = sends(client, "/bots/shop/try", fields, try_model="1").text
    assert "<li><bdi>model</bdi>: " in pressed
    assert '<p class="bubble done"' in pressed


def test_the_settings_bots_rules_are_shown_and_not_changed(browser_session: FlaskClient) -> None:
    answer = sends(browser_session, "/bots/default/form", revision="0", rules="", act="add")
    assert answer.status_code == 200
    assert "disabled" in answer.text
    assert save(browser_session, "default").status_code == 409
