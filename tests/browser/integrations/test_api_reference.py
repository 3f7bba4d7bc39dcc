"""The reference of the API is read in a browser, which asks no other host for anything."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_operations import both_sizes, moca, page
from tests.browser.width import fits

__all__ = ["moca", "page"]

CUT = """
[...document.querySelectorAll(".reference :is(th, td)")].filter(
  (cell) => cell.clientWidth && cell.scrollWidth > cell.clientWidth).length
"""


@both_sizes
def test_an_operation_is_found_in_the_reference(page: Page, moca: Whole) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto("/docs")
    page.get_by_role("navigation", name="Subjects").get_by_role("link", name="Keys").click()

    operation = page.get_by_role("heading", name="POST /api/keys", exact=True)
    expect(operation).to_be_in_viewport()
    expect(page.get_by_text("curl -X POST $MOCA/api/keys")).to_have_count(1)
    assert findings_in_both_schemes(page) == []
    assert fits(page)
    assert page.evaluate(CUT) == 0
    page.wait_for_load_state("networkidle")
    assert hosts == {urlsplit(moca.url).netloc}


@both_sizes
def test_an_answer_leads_to_its_object(page: Page) -> None:
    page.goto("/docs")
    page.get_by_role("link", name="NewApiKeyShape").first.click()
    expect(page.get_by_role("heading", name="NewApiKeyShape", exact=True)).to_be_in_viewport()
