"""Administrators edit, try, publish and roll back bots on pages."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.storage.db.bot_tables import StoredBot, StoredBotVersion
from moca.storage.queries.team import bots
from moca.storage.queries.team.bots import bot_names_of_accounts
from tests.web.api.test_accounts import ACCOUNT, an_account
from tests.web.bots.page_form import Fields, fields_of
from tests.web.forms import sends
from tests.web.rows import a_conversation, a_question, a_reply

RULES = '[[rule]]\nname = "price"\nkeywords = ["price"]\nanswers = "20 €"\n'


def form_of(client: FlaskClient, name: str = "shop") -> Fields:
    """Return the values of a bot's form as the page shows them."""
    return fields_of(client.get(f"/bots/{name}").text)


def changed(fields: Fields, **changes: str) -> Fields:
    """Return the values of a form after these are typed; of all rules as TOML for `rule`."""
    if "rule" in changes:
        fields = {key: each for key, each in fields.items() if not key.startswith("rule")}
    return fields | {key.replace("__", "."): [typed] for key, typed in changes.items()}


def make(client: FlaskClient, name: str = "shop", **changes: str) -> None:
    """Copy the settings' bot, and fill in its form."""
    assert sends(client, "/bots/default/copy", new_name=name).location == f"/bots/{name}"
    if changes:
        save(client, name, **changes)


def save(client: FlaskClient, name: str = "shop", **changes: str) -> TestResponse:
    fields = changed(form_of(client, name), **changes)
    return sends(client, f"/bots/{name}/draft", fields)


def publish(client: FlaskClient, note: str = "", name: str = "shop") -> TestResponse:
    (checked,) = form_of(client, name)["revision"]
    return sends(client, f"/bots/{name}/publish", note=note, checked=checked)


def test_the_bot_of_the_settings_is_read_only_and_copied_to_be_edited(
    browser_session: FlaskClient,
) -> None:
    page = browser_session.get("/bots/default").text
    assert "<fieldset" in page
    assert "disabled" in page
    assert "Copy to edit here" in page
    assert "Save draft" not in page

    make(browser_session)
    assert "Save draft" in browser_session.get("/bots/shop").text
    assert sends(browser_session, "/bots/default/draft", revision="0").status_code == 409


def test_a_draft_is_filled_in_published_and_given_to_an_account(
    browser_session: FlaskClient,
) -> None:
    an_account()
    make(browser_session, replies__generator="rules, fixed", rule=RULES)
    assert (StoredBot.get().draft, StoredBot.get().draft_by) == (
        f'[replies]\ngenerator = "rules, fixed"\n\n{RULES}',
        "Administrator",
    )
    assert publish(browser_session, "The first").location == "/bots/shop"
    version = StoredBotVersion.get()
    assert (version.number, version.note, version.document) == (
        1,
        "The first",
        StoredBot.get().draft,
    )

    assert sends(browser_session, f"/accounts/{ACCOUNT}/bot", bot="shop").status_code == 303
    assert bot_names_of_accounts() == {ACCOUNT: "shop"}
    listed = browser_session.get("/bots").text
    assert "Version 1" in listed
    assert "<dd>the_shop</dd>" in listed


def test_every_fault_stands_beside_its_field_and_what_was_typed_stays(
    browser_session: FlaskClient,
) -> None:
    make(browser_session)
    refused = save(
        browser_session,
        conversation__debounce_seconds="soon",
        business_hours__monday="9-17",
        rule='[[rule]]\nname = "price"\n',
    )
    page = unescape(refused.text)

    assert refused.status_code == 422
    for field, fault in (
        ("conversation.debounce_seconds", "should be a valid number"),
        ("business_hours.monday", "'9-17' is not a time range"),
        ("rule", "rule 'price': has no content"),
    ):
        (beside,) = re.findall(rf'id="bad-{re.escape(field)}">(.*?)</ul>', page)
        assert fault in beside
    assert 'value="soon"' in page
    assert StoredBot.get().draft_revision == 1


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(
    browser_session: FlaskClient,
) -> None:
    make(browser_session)
    shown = form_of(browser_session)
    save(browser_session, replies__disclosure="A bot.")
    late = sends(
        browser_session, "/bots/shop/draft", changed(shown, replies__disclosure="A robot.")
    )

    assert late.status_code == 409
    assert "Administrator saved this draft" in late.text
    assert "A robot." in late.text
    assert "A bot." in StoredBot.get().draft


def test_a_new_bot_begins_with_drafts_if_its_author_wants_that(
    browser_session: FlaskClient,
) -> None:
    make(browser_session, replies__disclosure="A bot.")
    question = "How does it begin?"
    assert question in browser_session.get("/bots/shop").text
    asked = {"note": "", "checked": "2", "mode": "draft"}
    assert sends(browser_session, "/bots/shop/publish", asked).status_code == 303

    assert StoredBotVersion.get().document == StoredBot.get().draft
    assert StoredBot.get().draft == (
        '[replies]\ndisclosure = "A bot."\n\n[topics]\nother = "draft"\n'
    )
    save(browser_session, replies__disclosure="A robot.")
    assert question not in browser_session.get("/bots/shop").text
    publish(browser_session)
    assert 'other = "draft"' in StoredBotVersion.get(StoredBotVersion.number == 2).document
    wrong = sends(browser_session, "/bots/shop/publish", asked, mode="loud")
    assert wrong.status_code == 422


def test_a_draft_that_says_how_it_begins_is_not_asked(browser_session: FlaskClient) -> None:
    make(browser_session, topic__other__mode="delay 5 minutes")
    assert "How does it begin?" not in browser_session.get("/bots/shop").text
    publish(browser_session)
    assert 'other = "delay 5 minutes"' in StoredBotVersion.get().document


def test_a_version_is_rolled_back_with_one_press_or_after_a_look(
    browser_session: FlaskClient,
) -> None:
    make(browser_session, replies__disclosure="A bot.")
    publish(browser_session)
    save(browser_session, replies__disclosure="A robot.")
    publish(browser_session)

    page = browser_session.get("/bots/shop").text
    assert "+disclosure = &#34;A robot.&#34;" in page
    assert '<form method="post" action="/bots/shop/versions/1/rollback">' in page
    asked = browser_session.get("/bots/shop/versions/1/rollback").text
    assert "Roll back to version 1?" in asked
    assert "+disclosure = &#34;A bot.&#34;" in asked
    assert sends(browser_session, "/bots/shop/versions/1/rollback").location == "/bots/shop"
    assert StoredBotVersion.get(StoredBotVersion.number == 3).note == "Rolled back to version 1"
    assert browser_session.get("/bots/shop/versions/9/rollback").status_code == 404


def test_a_bot_that_no_account_has_is_deleted_after_a_page_that_asks(
    browser_session: FlaskClient,
) -> None:
    an_account()
    make(browser_session)
    publish(browser_session)
    sends(browser_session, f"/accounts/{ACCOUNT}/bot", bot="shop")
    assert "It answers for the_shop." in browser_session.get("/bots/shop").text
    refused = sends(browser_session, "/bots/shop/delete")
    assert (refused.status_code, "it answers for" in refused.text) == (409, True)

    sends(browser_session, f"/accounts/{ACCOUNT}/bot", bot="default")
    assert 'href="/bots/shop/delete"' in browser_session.get("/bots/shop").text
    assert "Delete shop?" in browser_session.get("/bots/shop/delete").text
    assert sends(browser_session, "/bots/shop/delete").location == "/bots"
    assert browser_session.get("/bots/shop").location == "/bots/shop/versions/1"
    assert sends(browser_session, "/bots/shop/draft", revision="1").status_code == 404


def test_every_version_has_a_page_that_outlives_its_bot(browser_session: FlaskClient) -> None:
    make(browser_session, replies__disclosure="A bot.")
    publish(browser_session, "Opening")
    save(browser_session, replies__disclosure="A robot.")
    publish(browser_session)
    a_reply(a_conversation(), mid="r1", generator="mock", bot="shop", bot_version=1)

    journey = browser_session.get("/messages/r1").text
    assert '<dd><a href="/bots/shop/versions/1">shop, version 1</a></dd>' in journey
    first = unescape(browser_session.get("/bots/shop/versions/1").text)
    assert 'disclosure = "A bot."' in first
    assert "Opening" in first
    assert 'href="/bots/shop/versions/1/rollback"' in first
    second = unescape(browser_session.get("/bots/shop/versions/2").text)
    assert '+disclosure = "A robot."' in second
    assert ("It decides now." in second, "rollback" in second) == (True, False)

    sends(browser_session, "/bots/shop/delete")
    kept = unescape(browser_session.get("/bots/shop/versions/1").text)
    assert "This bot was deleted on" in kept
    assert 'disclosure = "A bot."' in kept
    assert ('href="/bots/shop/versions/2"' in kept, "rollback" in kept) == (True, False)
    assert browser_session.get("/bots/shop").location == "/bots/shop/versions/2"
    assert '<a href="/bots/shop">shop</a>, deleted' in browser_session.get("/bots").text
    for missing in ("/bots/shop/versions/3", "/bots/shop/versions/x", "/bots/none/versions/1"):
        assert browser_session.get(missing).status_code == 404


def test_a_deleted_bot_beyond_those_that_are_listed_has_its_page_too(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bots, "_MAX_DELETED", 0)
    make(browser_session)
    publish(browser_session)
    sends(browser_session, "/bots/shop/delete")
    assert browser_session.get("/bots/shop").location == "/bots/shop/versions/1"
    assert "This bot was deleted on" in browser_session.get("/bots/shop/versions/1").text


def test_a_bot_that_was_deleted_before_it_was_published_is_gone(
    browser_session: FlaskClient,
) -> None:
    make(browser_session)
    sends(browser_session, "/bots/shop/delete")
    assert "/bots/shop" not in browser_session.get("/bots").text
    assert browser_session.get("/bots/shop").status_code == 404


def test_a_draft_is_tried_before_it_is_saved(browser_session: FlaskClient) -> None:
    make(browser_session)
    fields = changed(form_of(browser_session), replies__generator="rules, fixed", rule=RULES)
    tried = sends(browser_session, "/bots/shop/try", fields, try_text="the price?")

    assert '<p class="bubble done" dir="auto">20 €</p>' in tried.text
    assert "rules: rule &#39;price&#39;" in tried.text
    assert StoredBot.get().draft == ""
    default = sends(browser_session, "/bots/default/try", revision="0", try_text="hello")
    assert "This would be an AI generated message" in default.text


def test_what_rules_replied_is_counted_beside_them_and_by_version(
    browser_session: FlaskClient,
) -> None:
    make(browser_session, replies__generator="rules, fixed", rule=RULES)
    publish(browser_session)
    conversation = a_conversation()
    reply = a_reply(conversation, rule="price", generator="rules", bot="shop", bot_version=1)
    a_question(conversation, reply=reply, reason="handed_over")

    page = browser_session.get("/bots/shop").text
    told = "1 reply, 1 handed over, 0 asked again within 10 min"
    assert f'<p class="muted rule-counts">{told}</p>' in page
    assert f"<li><bdi>price</bdi>: {told}</li>" in page


def test_a_bot_that_does_not_exist_has_no_page(browser_session: FlaskClient) -> None:
    assert browser_session.get("/bots/none").status_code == 404
    for path in ("draft", "publish", "try", "copy"):
        answer = sends(browser_session, f"/bots/none/{path}", new_name="x", revision="0")
        assert answer.status_code in {404, 422}


def test_bots_are_for_administrators(stranger: FlaskClient) -> None:
    assert stranger.get("/bots").status_code == 401
