import pytest
from playwright.sync_api import expect

from tests.browser.test_inbox import answered, moca, visit

__all__ = ["moca", "visit"]


@pytest.fixture
def page(visit, moca):
    answered(moca)
    return visit("phone")


@pytest.mark.parametrize("status", ["open", "human", "paused"])
def test_no_act_stands_alone_below_the_others(page, moca, status):
    moca.rows(f"UPDATE conversation SET status = '{status}'")
    page.goto("/conversations/1")
    pause, close = (
        page.get_by_role("button", name=name, exact=True).bounding_box()
        for name in ("Pause", "Close")
    )
    assert (close["y"], close["height"]) == (pause["y"], pause["height"])


def test_the_time_that_is_left_stays_in_one_line(page):
    page.goto("/conversations/1")
    left = page.locator(".window .countdown")
    expect(left).to_contain_text("left")
    assert left.text_content().endswith(", 23\u00a0h\u00a059\u00a0min\u00a0left")
