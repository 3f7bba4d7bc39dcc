"""A file is attached to a reply, sent, and seen in the conversation."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from playwright.sync_api._generated import LocatorAssertions

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_drafts import HERE, pages_in
from tests.browser.test_inbox import SIZES, answered, moca, visit
from tests.process.service import eventually

__all__ = ["moca", "visit"]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PICTURE: FilePayload = {"name": "beach.png", "mimeType": "image/png", "buffer": PIXEL}
SCRIPT: FilePayload = {
    "name": "beach.png",
    "mimeType": "image/png",
    "buffer": b"<!doctype html><script>",
}
GIVEN = """([name, bytes]) => {
  const content = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([content], name, { type: "image/png" }));
  const how = { bubbles: true, cancelable: true };
  %s
}"""
PASTE = (
    GIVEN
    % """document.querySelector("#text").dispatchEvent(
  new ClipboardEvent("paste", { ...how, clipboardData: data }))"""
)
DROP = (
    GIVEN
    % """document.querySelector("#write").dispatchEvent(
  new DragEvent("drop", { ...how, dataTransfer: data }))"""
)


@pytest.fixture
def browse(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    answered(moca)
    with pages_in(browser, moca) as opened:
        yield opened


@pytest.fixture
def page(browse: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    return browse(getattr(request, "param", "desktop"))


def field(page: Page) -> Locator:
    return page.get_by_label("Attach a file")


def remove(page: Page) -> Locator:
    return page.get_by_role("button", name="Remove attachment")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()


def picture(page: Page, name: str = "beach.png") -> Locator:
    return page.get_by_role("log").get_by_role("img", name=name)


def problem(page: Page) -> LocatorAssertions:
    return expect(page.locator("#problem"))


def is_loaded(image: Locator) -> None:
    expect(image).to_be_visible()
    # Lazy images load once they are scrolled to.
    image.scroll_into_view_if_needed()
    eventually(lambda: image.evaluate("(image) => image.complete && image.naturalWidth === 1"))


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_a_picture_is_attached_sent_and_seen(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("Here it is:")
    field(page).set_input_files(PICTURE)
    expect(remove(page)).to_be_visible()
    assert findings(page) == []
    send(page)

    is_loaded(picture(page))
    expect(page.get_by_label("Your reply")).to_have_value("")
    expect(remove(page)).to_be_hidden()
    assert field(page).evaluate("(field) => field.files.length") == 0
    eventually(lambda: moca.items()[-2:] == ["sent", "sent"])
    assert findings(page) == []


def test_a_picture_goes_without_a_text(page: Page, moca: Whole) -> None:
    field(page).set_input_files(PICTURE)
    send(page)

    is_loaded(picture(page))
    eventually(lambda: moca.items()[-1] == "sent")


def test_a_refused_file_keeps_the_draft(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("Here it is:")
    field(page).set_input_files(SCRIPT)
    send(page)

    problem(page).to_contain_text("does not accept this type of file")
    expect(page.get_by_label("Your reply")).to_have_value("Here it is:")
    expect(remove(page)).to_be_visible()

    field(page).set_input_files(PICTURE)
    problem(page).to_be_hidden()
    send(page)
    is_loaded(picture(page))


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page) -> None:
    page.get_by_label("Your reply").fill("Here it is:")
    field(page).set_input_files({**PICTURE, "buffer": PIXEL + bytes(8_000_000)})

    problem(page).to_have_text("The file is too large: Instagram accepts up to 8 MB.")
    assert field(page).evaluate("(field) => field.files.length") == 0
    expect(remove(page)).to_be_hidden()


def test_what_the_server_refuses_before_the_page_stands_beside_the_field(
    page: Page, moca: Whole
) -> None:
    busy = "Too many files are arriving. Attach it again in a moment."
    refusal = {"error": {"code": "unavailable", "message": busy}}
    page.route("**/messages", lambda route: route.fulfill(status=503, json=refusal), times=1)
    page.get_by_label("Your reply").fill("Here it is:")
    field(page).set_input_files(PICTURE)
    send(page)

    problem(page).to_have_text(busy)
    expect(page.get_by_label("Your reply")).to_have_value("Here it is:")
    send(page)
    is_loaded(picture(page))


def test_a_file_that_is_removed_is_not_sent(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    field(page).set_input_files(PICTURE)
    remove(page).click()
    send(page)

    expect(page.get_by_role("log")).to_contain_text("At nine.")
    assert moca.rows("SELECT COUNT(*) FROM upload") == [(0,)]


@pytest.mark.parametrize("way", [PASTE, DROP], ids=["pasted", "dropped"])
def test_a_picture_is_taken_from_elsewhere(browse: Callable[..., Page], way: str) -> None:
    page = browse()
    page.evaluate(way, ["beach.png", base64.b64encode(PIXEL).decode()])
    expect(remove(page)).to_be_visible()
    send(page)

    is_loaded(picture(page))


def test_a_picture_is_attached_without_a_script(browse: Callable[..., Page], moca: Whole) -> None:
    page = browse(java_script_enabled=False)
    page.get_by_label("Your reply").fill("Here it is:")
    field(page).set_input_files(SCRIPT)
    send(page)
    problem(page).to_contain_text("does not accept this type of file")
    expect(page.get_by_label("Your reply")).to_have_value("Here it is:")

    field(page).set_input_files(PICTURE)
    send(page)
    expect(picture(page)).to_be_visible()
    expect(page.get_by_label("Your reply")).to_have_value("")


def test_the_file_of_a_saved_reply_is_attached_when_it_is_chosen(
    page: Page, moca: Whole, tmp_path: Path
) -> None:
    page.goto("/saved-replies")
    page.get_by_label("Name").last.fill("Prices")
    page.get_by_label("Text").last.fill("Our prices, {first_name}:")
    page.get_by_label("Attachment (optional)").set_input_files(PICTURE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("img", name="beach.png")).to_be_visible()
    page.goto(HERE)

    page.get_by_label("Saved reply", exact=True).select_option("Prices")
    expect(page.get_by_label("Your reply")).to_have_value("Our prices, Ada:")
    expect(page.locator("#attached")).to_contain_text("beach.png")
    expect(field(page)).to_be_hidden()
    send(page)

    is_loaded(picture(page))
    expect(field(page)).to_be_visible()


def test_the_file_of_a_saved_reply_can_be_left_out(
    browse: Callable[..., Page], moca: Whole
) -> None:
    page = browse()
    page.goto("/saved-replies")
    page.get_by_label("Name").last.fill("Prices")
    page.get_by_label("Text").last.fill("Our prices:")
    page.get_by_label("Attachment (optional)").set_input_files(PICTURE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("img", name="beach.png")).to_be_visible()
    page.goto(HERE)
    page.get_by_label("Saved reply", exact=True).select_option("Prices")
    remove(page).click()
    expect(field(page)).to_be_visible()
    send(page)

    expect(page.get_by_role("log")).to_contain_text("Our prices:")
    assert moca.rows("SELECT COUNT(*) FROM upload WHERE message_id IS NOT NULL") == [(0,)]
