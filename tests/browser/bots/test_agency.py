"""An agency connects two accounts, gives each its bot, and trusts one by degrees.

All of it in a browser, without a file and without a restart.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.test_operations import SIZES
from tests.process.service import eventually

CAFE, BAR = "17841400000000001", "17841400000000002"
OLD, NEW = "A coffee is 3 euros.", "A coffee is 4 euros."
AN_HOUR = 3_600_000_000
PASSWORD = "a quiet green kettle"


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """All of Moca."""
    with whole_moca(tmp_path) as whole:
        yield whole


@pytest.fixture
def visit(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    """Open a page of a new browser."""
    contexts = []

    def visit(path: str) -> Page:
        contexts.append(new_context(browser, viewport=SIZES["desktop"], base_url=moca.url))
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()


def test_an_agency_gives_two_accounts_their_bots_and_trusts_one_by_degrees(
    visit: Callable[..., Page], moca: Whole
) -> None:
    admin = visit(f"/?token={TOKEN}")
    for name in ("the_account", "the_second_account"):
        connect(admin, name)
    make_bot(admin, "cafe", "rules, fixed")
    add_price_rule(admin)
    publish(admin)
    make_bot(admin, "bar", "fixed")
    admin.get_by_label("Fixed text").fill("The bar opens at six.")
    save(admin)
    publish(admin)
    for name, bot in (("the_account", "cafe"), ("the_second_account", "bar")):
        choose_bot(admin, name, bot)

    ask(moca, "price", "700", CAFE, "Ada")
    ask(moca, "price", "800", BAR, "Ben")
    assert (reached(moca, "700", CAFE), reached(moca, "800", BAR)) == (
        [OLD],
        ["The bar opens at six."],
    )
    see_as_limited_agent(admin, visit)

    change_price_and_rehearse(admin, moca)
    review_ten_drafts(admin, moca)
    raise_topic(admin)
    ask(moca, "price", "720", CAFE, "Cleo")
    assert reached(moca, "720", CAFE) == [NEW]
    moca.writes("hello", "721", "Dan", account_id=CAFE)
    eventually(lambda: moca.items()[-1] == "held")

    roll_back(admin)
    ask(moca, "price", "722", CAFE, "Eva")
    assert reached(moca, "722", CAFE) == [OLD]


def connect(page: Page, name: str) -> None:
    page.goto("/accounts")
    page.get_by_role("link", name="Connect an account").click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name="Account connected")).to_be_visible()


def make_bot(page: Page, name: str, generators: str) -> None:
    page.goto("/bots/default")
    page.get_by_label("Name of the new bot").fill(name)
    page.get_by_role("button", name="Copy").click()
    page.get_by_label("Generators").fill(generators)


def add_price_rule(page: Page) -> None:
    page.get_by_role("button", name="Add a rule").click()
    rule = page.locator("#rule-0")
    rule.get_by_label("Name", exact=True).fill("price")
    rule.get_by_label("Keywords").first.fill("price")
    rule.get_by_label("Answer 1").first.fill(OLD)
    rule.get_by_text("Topic and hand-over").first.click()
    rule.get_by_label("Topic", exact=True).fill("prices")
    save(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("button", name="Publish the saved draft")).to_be_visible()


def publish(page: Page) -> None:
    page.get_by_label("Replies are sent at once").check()
    page.get_by_role("button", name="Publish the saved draft").click()
    expect(page.get_by_role("link", name="Version 1", exact=True)).to_be_visible()


def choose_bot(page: Page, account: str, bot: str) -> None:
    page.goto("/accounts")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=account))
    card.get_by_label("Bot").select_option(bot)
    card.get_by_role("button", name="Choose").click()
    expect(card.get_by_role("link", name=bot, exact=True)).to_be_visible()


def ask(moca: Whole, text: str, psid: str, account_id: str, name: str) -> None:
    """Return once a contact got the reply to what they wrote."""
    moca.writes(text, psid, name, account_id=account_id)
    eventually(lambda: reached(moca, psid, account_id))


def reached(moca: Whole, psid: str, account_id: str) -> list[str]:
    return moca.reached(psid, account_id=account_id)


def see_as_limited_agent(admin: Page, visit: Callable[..., Page]) -> None:
    admin.goto("/users")
    admin.get_by_label("Name", exact=True).fill("Ben")
    admin.get_by_label("Password", exact=True).fill(PASSWORD)
    admin.get_by_label("Only these:").check()
    admin.get_by_label("the_second_account").check()
    admin.get_by_role("button", name="Add user").click()
    expect(admin.locator("li.user").filter(has_text="Ben")).to_be_visible()

    agent = visit("/login")
    agent.get_by_label("Name").fill("Ben")
    agent.get_by_label("Password").fill(PASSWORD)
    agent.get_by_role("button", name="Log in", exact=True).click()
    agent.get_by_role("link", name="All open").click()
    expect(agent.locator(".row")).to_have_count(1)
    expect(agent.locator(".row")).to_contain_text("Ben")


def change_price_and_rehearse(page: Page, moca: Whole) -> None:
    for table, column in (("message", "created_at"), ("webhook", "received_at")):
        moca.rows(f"UPDATE {table} SET {column} = {column} - {AN_HOUR}")
    page.goto("/bots/cafe")
    page.get_by_text("Edit price").click()
    page.get_by_label("Answer 1").first.fill(NEW)
    page.get_by_label("Replies without a topic below").fill("draft")
    save(page)
    page.get_by_role("button", name="Last week").click()
    expect(page.get_by_role("heading", name="Differences")).to_be_visible(timeout=60_000)
    sides = page.locator(".side-text")
    expect(sides).to_have_text([OLD, NEW])
    assert findings(page) == []
    page.get_by_label("What is new").fill("Dearer, and reviewed")
    page.get_by_role("button", name="Publish revision").click()
    expect(page.get_by_text("Dearer, and reviewed")).to_be_visible()


def review_ten_drafts(page: Page, moca: Whole) -> None:
    for number in range(10):
        moca.writes("price", str(710 + number), f"Contact {number}", account_id=CAFE)
    eventually(lambda: moca.items().count("held") == 10)
    page.goto("/review")
    for left in range(10, 0, -1):
        expect(page.get_by_text(re.compile(rf"^{left} drafts? waits?$"))).to_be_visible()
        page.wait_for_load_state()
        if left == 4:
            page.keyboard.press("e")
            page.get_by_label("Draft").fill("4 euros, and a biscuit.")
            page.keyboard.press("Control+Enter")
        else:
            page.keyboard.press("d" if left == 7 else "a")
    expect(page.get_by_text("No drafts wait.")).to_be_visible()
    eventually(lambda: moca.items().count("sent") == 11)
    assert moca.items().count("cancelled") == 1


def raise_topic(page: Page) -> None:
    page.goto("/bots/cafe")
    page.get_by_label("Topic 1", exact=True).fill("prices")
    page.get_by_label("Topic 1: mode").fill("auto")
    save(page)
    page.get_by_role("button", name="Publish the saved draft").click()
    expect(page.get_by_role("link", name="Version 3", exact=True)).to_be_visible()


def roll_back(page: Page) -> None:
    page.get_by_role("button", name="Roll back to version 1").click()
    expect(page.get_by_text("Rolled back to version 1")).to_be_visible()
