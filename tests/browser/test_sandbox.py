"""What a contact does on the sandbox's phone, through to the operators' view."""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import findings
from tests.browser.patience import new_context, next_held
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.width import fits
from tests.process.service import eventually

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 860}}
REPLY = "What would you like?"
MENU = [
    {"title": "Book a table", "payload": "BOOK"},
    {"title": "Our shop", "url": "https://shop.example/"},
]


both_sizes = pytest.mark.parametrize("phone", SIZES, indirect=True)


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    with whole_moca(tmp_path, MOCA_REPLIES__MOCK_TEXT=REPLY) as whole:
        yield whole


@pytest.fixture
def phone(request: pytest.FixtureRequest, browser: Browser, moca: Whole) -> Iterator[Page]:
    """The sandbox page after a first reply; its console must stay free of errors."""
    context = new_context(
        browser,
        viewport=SIZES[getattr(request, "param", "phone")],
        base_url=moca.url,
        locale="en-GB",
    )
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/?token={TOKEN}")
    page.goto("/sandbox")
    says(page, "Hello")
    expect(page.locator('.said[data-sender="account"]')).to_contain_text(REPLY)
    yield page
    assert fits(page)
    context.close()
    assert faults == []


def says(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def conversation(page: Page) -> Locator:
    page.goto("/conversations/1")
    return page.locator(".bubble")


@both_sizes
def test_quick_replies_and_buttons_are_tapped(phone: Page, moca: Whole) -> None:
    choices = [{"title": "Red", "payload": "RED"}, {"title": "Blue", "payload": "BLUE"}]
    moca.post("/api/conversations/1/messages", text="Which one?", quick_replies=choices)
    phone.get_by_role("button", name="Blue", exact=True).click()
    expect(phone.locator('.said[data-sender="contact"]').last).to_contain_text("Blue")
    expect(phone.get_by_role("button", name="Red", exact=True)).to_have_count(0)

    moca.post("/api/conversations/1/messages", text="And now?", buttons=MENU)
    phone.get_by_role("button", name="Book a table", exact=True).click()
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE kind = 'postback'"))

    bubbles = conversation(phone)
    expect(bubbles.filter(has_text="Tapped a quick reply")).to_contain_text("Blue")
    expect(bubbles.filter(has_text="Tapped a button")).to_contain_text("Book a table")


def test_a_heart_is_put_on_a_reply_and_taken_off(phone: Page, moca: Whole) -> None:
    heart = phone.get_by_role("button", name=f"❤️ on “{REPLY}”")
    heart.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "true")
    eventually(lambda: moca.rows("SELECT 1 FROM event WHERE kind = 'reaction'"))
    expect(conversation(phone).filter(has_text=REPLY).first.locator(".sign")).to_have_text("❤️")

    phone.goto("/sandbox")
    heart.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "false")
    eventually(lambda: len(moca.rows("SELECT 1 FROM event WHERE kind = 'reaction'")) == 2)
    expect(conversation(phone).filter(has_text=REPLY).locator(".sign")).to_have_count(0)


def test_a_message_is_edited_and_another_unsent(phone: Page, moca: Whole) -> None:
    says(phone, "Oops")
    expect(phone.locator(".said", has_text="Oops")).to_be_visible()
    phone.get_by_role("button", name="Unsend “Oops”").press("Enter")
    expect(phone.locator(".said", has_text="Oops")).to_have_count(0)

    phone.get_by_role("button", name="Edit “Hello”").press("Enter")
    expect(phone.locator("#purpose")).to_contain_text("Editing “Hello”")
    expect(phone.get_by_label("Message", exact=True)).to_have_value("Hello")
    says(phone, "Good morning")
    said = phone.locator(".said", has_text="Good morning")
    expect(said).to_contain_text("edited")
    expect(phone.locator("#purpose")).to_be_hidden()

    eventually(lambda: moca.rows("SELECT 1 FROM event WHERE kind = 'edit'"))
    bubbles = conversation(phone)
    expect(bubbles.filter(has_text="Message unsent")).to_have_count(1)
    expect(bubbles.filter(has_text="Edited to:")).to_contain_text("Good morning")


def test_a_message_and_a_story_are_answered(phone: Page, moca: Whole) -> None:
    phone.get_by_role("button", name=f"Reply “{REPLY}”").press("Enter")
    says(phone, "A cake")
    phone.locator("#more summary").click()
    phone.get_by_role("button", name="Reply to the account's story").click()
    expect(phone.locator("#purpose")).to_contain_text("Replying to the account's story")
    says(phone, "So pretty!")
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE text = 'So pretty!'"))

    bubbles = conversation(phone)
    expect(bubbles.filter(has_text="A cake")).to_contain_text("Reply to an earlier message")
    expect(bubbles.filter(has_text="So pretty!")).to_contain_text("Reply to your story")


def test_what_is_no_text_is_sent_by_keyboard(phone: Page, moca: Whole) -> None:
    names = ("Send a photo", "Share a post", "Mention the account in a story")
    for count, name in enumerate(names, 2):
        phone.locator("#more summary").press("Enter")
        phone.get_by_role("button", name=name).press("Enter")
        expect(phone.locator('.said[data-sender="contact"]')).to_have_count(count)
    eventually(lambda: len(moca.rows("SELECT 1 FROM message WHERE role = 'user'")) == 4)

    links = conversation(phone).locator(".link")
    for name in ("image", "ig post", "story mention"):
        expect(links.get_by_text(name, exact=True)).to_have_count(1)


def test_a_purpose_can_be_given_up(phone: Page) -> None:
    phone.get_by_role("button", name="Edit “Hello”").press("Enter")
    phone.get_by_role("button", name="Cancel").press("Enter")
    expect(phone.locator("#purpose")).to_be_hidden()
    expect(phone.get_by_label("Message", exact=True)).to_have_value("")


@both_sizes
def test_the_phone_is_accessible_with_all_it_offers(phone: Page, moca: Whole) -> None:
    moca.post("/api/conversations/1/messages", text="And now?", buttons=MENU)
    expect(phone.get_by_role("button", name="Book a table", exact=True)).to_be_visible()
    phone.locator("#more summary").click()
    assert findings(phone) == []


def test_nothing_can_be_written_before_the_script_that_sends_it_is_there(
    browser: Browser, moca: Whole
) -> None:
    context = new_context(browser, base_url=moca.url)
    page = context.new_page()
    held: Queue[Route] = Queue()
    page.route("**/sandbox.js", lambda route: held.put(route, block=False))
    page.goto(f"/?token={TOKEN}")
    page.goto("/sandbox", wait_until="commit")
    expect(page.get_by_label("Message", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="When are you open?")).to_be_disabled()

    next_held(page, held).continue_()
    says(page, "Early")
    expect(page.locator('.said[data-sender="account"]')).to_contain_text(REPLY)
    context.close()
