"""A draft is rehearsed from its page; the differences are shown, filtered, and it is published."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.bots.rehearsals import RehearsalPeriod, RehearsalState, RehearsedDraft
from moca.core.replay_comparison import RecordedMessage, Rehearsal, ReplayComparison, ReplayOutcome
from moca.core.types import ContactKey, Outcome
from moca.storage.db.bot_tables import StoredBotVersion
from moca.storage.db.operator_tables import AuditEntry
from tests.support.values import present
from tests.web.api.test_accounts import an_account
from tests.web.bots.test_bot_pages import RULES, make, save
from tests.web.forms import sends
from tests.web.rows import ACCOUNT, AT, a_conversation, a_question

PAGE = "/bots/shop/rehearsal"


@dataclass
class FakeRehearsals:
    """Rehearses nothing; its state is scripted."""

    now: RehearsalState | None = None

    def start(self, draft: RehearsedDraft, period: RehearsalPeriod) -> bool:
        if self.now is not None and self.now.is_running:
            return False
        self.now = RehearsalState(draft=draft, period=period, started_at=AT)
        return True

    def state(self, bot: str) -> RehearsalState | None:
        return self.now if self.now is not None and self.now.draft.bot == bot else None

    def cancel(self, bot: str) -> None:
        assert self.now is not None
        self.now = replace(self.now, ended_at=AT, problem=f"Cancelled {bot}.")

    def ends(self, result: Rehearsal) -> None:
        """End with a result."""
        assert self.now is not None
        self.now = replace(self.now, share=1, ended_at=AT, result=result)


@pytest.fixture
def rehearsals() -> FakeRehearsals:
    return FakeRehearsals()


def answered(said: str, rule: str | None, topic: str | None = None) -> ReplayOutcome:
    return ReplayOutcome(
        outcome=Outcome.ANSWERED,
        said=said,
        type="text",
        by=f"rules: rule {rule!r}",
        rule=rule,
        topic=topic,
        sent_after=timedelta(seconds=8),
    )


def result(messages: int = 1) -> Rehearsal:
    """Return a rehearsal in which the price changed, and one greeting is no longer answered."""
    comparison = ReplayComparison(500)
    then = answered("20 €", "price", "prices")
    silent = ReplayOutcome(outcome=Outcome.SUPPRESSED, because="no reply needed: rules")
    for number in range(messages):
        told = message(f"m{number}", "<b>the price?", then)
        comparison.add(told, answered("25 €", "price", "prices"))
    comparison.add(message("hello", "hello", answered("Hi", "greeting")), silent)
    comparison.add(message("same", "same", then), then)
    return Rehearsal(
        since=AT - timedelta(days=7),
        until=AT,
        counts=comparison.counts,
        differences=tuple(comparison.differences),
        webhooks=3,
        unreadable=1,
        unasked=2,
    )


def message(mid: str, text: str, ending: ReplayOutcome) -> RecordedMessage:
    return RecordedMessage(
        contact=ContactKey(ACCOUNT, "700"),
        mid=mid,
        kind="message",
        text=text,
        type="text",
        received_at=AT,
        ending=ending,
    )


def started(client: FlaskClient, period: str = "week") -> TestResponse:
    make(client, replies__generator="rules, fixed", rule=RULES)
    return sends(client, PAGE, period=period)


def test_a_rehearsal_is_started_followed_and_cancelled(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    assert started(browser_session).location == PAGE
    now = present(rehearsals.now)
    assert (now.draft.revision, now.period) == (2, RehearsalPeriod.WEEK)
    assert "20 €" in now.draft.document
    assert AuditEntry.get(AuditEntry.what == "rehearsed a bot").about == "bot shop"
    assert sends(browser_session, PAGE, period="day").status_code == 409

    rehearsals.now = replace(now, share=0.42)
    page = browser_session.get(PAGE).text
    assert 'value="42"' in page
    assert "A rehearsal is running" in browser_session.get("/bots/shop").text
    assert sends(browser_session, f"{PAGE}/cancel").location == PAGE
    page = browser_session.get(PAGE).text
    assert "Cancelled shop." in page
    assert "Publish revision" not in page


def test_a_draft_is_rehearsed_on_one_of_several_accounts(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    make(browser_session, replies__generator="rules, fixed", rule=RULES)
    an_account(account_id="1781", username="one")
    assert "every account with this bot" not in browser_session.get("/bots/shop").text
    an_account(account_id="1782", username="two")
    assert '<option value="1782">two</option>' in browser_session.get("/bots/shop").text

    refused = sends(browser_session, PAGE, period="week", account="1783")
    assert (refused.status_code, rehearsals.now) == (422, None)
    sends(browser_session, PAGE, period="week", account="1782")
    assert present(rehearsals.now).draft.account_id == "1782"
    assert "As if account 1782 had this bot." in browser_session.get(PAGE).text


def test_differences_stand_side_by_side_and_are_counted_as_a_picture(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    started(browser_session)
    conversation = a_conversation()
    for mid in ("m0", "hello"):
        a_question(conversation, mid=mid)
    rehearsals.ends(result())
    page = browser_session.get(PAGE).text

    assert "&lt;b&gt;the price?" in page
    told = " ".join(re.sub(r"<[^>]+>", " ", unescape(page)).split())
    assert "Then · rule price · prices 20 € rules: rule 'price' · after 8.00 s" in told
    assert "Now · rule price · prices 25 €" in told
    assert "Now No reply no reply needed: rules" in told
    assert 'aria-label="same: 1, another reply: 1, no longer answered: 1"' in page
    assert page.count("<rect") == 3
    assert "2 replies would come from a generator" in page


def test_differences_are_filtered_by_rule_topic_and_result(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    started(browser_session)
    conversation = a_conversation()
    for mid in ("hello", *(f"m{number}" for number in range(60))):
        a_question(conversation, mid=mid)
    rehearsals.ends(result(60))

    def shown(**filters: str) -> tuple[int, bool]:
        page = browser_session.get(PAGE, query_string=filters).text
        return page.count('class="side"') // 2, ">More<" in page

    assert shown() == (50, True)
    assert shown(**{"from": "50"}) == (11, False)
    assert shown(rule="greeting") == (1, False)
    assert shown(topic="other") == (1, False)
    assert shown(verdict="no longer answered", rule="price") == (0, False)
    assert shown(verdict="<script>", **{"from": "x"}) == (0, False)


def test_what_was_erased_since_is_not_shown(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    started(browser_session)
    rehearsals.ends(result())
    page = browser_session.get(PAGE).text

    assert "the price?" not in page
    assert page.count("This message was erased or unsent since.") == 2


def test_the_draft_that_was_rehearsed_is_published_and_no_other(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    started(browser_session)
    rehearsals.ends(result())
    assert "Publish revision 2" in browser_session.get(PAGE).text
    sends(browser_session, "/bots/shop/publish", checked="2")
    assert StoredBotVersion.get().number == 1
    save(browser_session, replies__disclosure="A bot.")
    assert "The draft was published or changed since." in browser_session.get(PAGE).text


def test_what_cannot_be_rehearsed_is_told(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    assert started(browser_session, "year").status_code == 422
    assert browser_session.get(PAGE).status_code == 404
    assert browser_session.get("/bots/none/rehearsal").status_code == 404
    assert rehearsals.now is None


def test_the_settings_bot_is_rehearsed_and_published_nowhere(
    browser_session: FlaskClient, rehearsals: FakeRehearsals
) -> None:
    page = "/bots/default/rehearsal"
    assert f'action="{page}"' in browser_session.get("/bots/default").text
    assert sends(browser_session, page, period="day").location == page
    assert present(rehearsals.now).draft == RehearsedDraft("default", 0, "")

    rehearsals.ends(result())
    ended = browser_session.get(page).text
    assert "with the settings file as it was" in ended
    assert "changed in the settings file" in ended
    assert "Publish revision" not in ended


def test_rehearsals_are_for_administrators(stranger: FlaskClient) -> None:
    assert stranger.get(PAGE).status_code == 401
