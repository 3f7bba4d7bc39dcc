"""A subscriber is added, followed, retried, replayed, paused, and removed after a question."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from moca.core.subscribers import MAX_DELIVERY_ATTEMPTS
from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole, whole_moca
from tests.browser.test_operations import both_sizes, page
from tests.browser.width import fits
from tests.process.service import eventually
from tests.test_notification_client import Listener, listener

__all__ = ["listener", "page"]

ANSWERED = ["message.received", "message.sent", "message.answered"]
LAST_ATTEMPT = f"UPDATE subscriber SET attempts = {MAX_DELIVERY_ATTEMPTS - 1}, due_at = 0"


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """All of Moca, which may send events to this machine."""
    with whole_moca(tmp_path, MOCA_NOTIFY__ALLOW_PRIVATE="true") as whole:
        yield whole


def add_subscriber(page: Page, listener: Listener, *kinds: str) -> str:
    page.get_by_role("link", name="Users").click()
    page.get_by_role("link", name="subscribers").click()
    page.get_by_label("Name", exact=True).fill("CRM")
    page.get_by_label("URL").fill(listener.url)
    for kind in kinds:
        page.get_by_label(kind, exact=True).check()
    page.get_by_role("button", name="Add subscriber").click()
    shown = page.get_by_role("status").filter(has_text="it is not shown again").locator("code")
    return shown.inner_text()


def received(listener: Listener) -> list[str]:
    return [headers["webhook-id"] for headers, _ in listener.posted]


def wait_for(moca: Whole, sql: str) -> None:
    eventually(lambda: moca.rows(sql))


def deliveries(page: Page) -> Locator:
    page.goto("/subscribers")
    page.get_by_text("Deliveries").click()
    return page.locator(".delivery")


@both_sizes
def test_a_subscriber_gets_signed_events_which_its_page_lists(
    page: Page, moca: Whole, listener: Listener
) -> None:
    secret = add_subscriber(page, listener)
    assert secret.startswith("whsec_")
    assert findings_in_both_schemes(page) == []
    moca.writes("When are you open?")
    wait_for(moca, "SELECT 1 FROM feed_delivery WHERE kind = 'message.answered'")

    expect(deliveries(page).locator("strong")).to_have_text(ANSWERED[::-1])
    expect(page.locator(".saved")).to_contain_text("All kinds, without texts")
    assert secret not in page.content()
    assert findings_in_both_schemes(page) == []
    assert fits(page)
    assert all(headers["webhook-signature"] for headers, _ in listener.posted)


def test_only_the_kinds_that_were_chosen_are_sent(
    page: Page, moca: Whole, listener: Listener
) -> None:
    add_subscriber(page, listener, "message.sent")
    moca.writes("When are you open?")
    wait_for(moca, "SELECT 1 FROM feed_delivery")
    expect(deliveries(page).locator("strong")).to_have_text(["message.sent"])


@both_sizes
def test_an_event_that_was_set_aside_is_retried(
    page: Page, moca: Whole, listener: Listener
) -> None:
    add_subscriber(page, listener, "message.received")
    listener.status = 500
    moca.writes("When are you open?")
    wait_for(moca, "SELECT 1 FROM subscriber WHERE attempts > 0")
    page.goto("/subscribers")
    expect(page.locator(".saved")).to_contain_text("Last attempt: status 500")
    expect(page.locator(".saved")).to_contain_text("1 waiting")

    moca.rows(LAST_ATTEMPT)
    wait_for(moca, "SELECT 1 FROM feed_delivery WHERE status = 'failed'")
    (failed,) = deliveries(page).all()
    expect(failed).to_contain_text(f"({MAX_DELIVERY_ATTEMPTS} attempts)")
    assert findings_in_both_schemes(page) == []
    listener.status = 204
    failed.get_by_role("button", name="Retry").click()
    wait_for(moca, "SELECT 1 FROM feed_delivery WHERE status = 'delivered'")
    expect(deliveries(page)).to_contain_text("delivered")
    assert len(set(received(listener))) == 1


def test_events_are_delivered_again_from_where_a_person_says(
    page: Page, moca: Whole, listener: Listener
) -> None:
    add_subscriber(page, listener)
    moca.writes("When are you open?")
    wait_for(moca, "SELECT 1 FROM feed_delivery WHERE kind = 'message.answered'")
    first = received(listener)
    ((cursor,),) = moca.rows("SELECT event_id FROM feed_delivery WHERE kind = 'message.received'")

    page.goto("/subscribers")
    page.get_by_label("Deliver again after event").fill(str(cursor))
    page.get_by_role("button", name="Replay CRM").click()
    eventually(lambda: received(listener) == first + first[1:])


@both_sizes
def test_a_subscriber_is_paused_resumed_and_removed_after_a_question(
    page: Page, moca: Whole, listener: Listener
) -> None:
    add_subscriber(page, listener)
    page.get_by_role("button", name="Pause CRM").click()
    expect(page.locator(".saved")).to_contain_text("; paused")
    page.get_by_role("button", name="Resume CRM").click()
    expect(page.locator(".saved")).not_to_contain_text("; paused")

    page.get_by_role("link", name="Remove CRM").click()
    expect(page.get_by_role("heading", name="Remove CRM?")).to_be_visible()
    assert findings_in_both_schemes(page) == []
    page.get_by_role("button", name="Remove subscriber").click()
    expect(page.get_by_text("No subscribers yet.")).to_be_visible()
    assert moca.rows("SELECT * FROM subscriber") == []
