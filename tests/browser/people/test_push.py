"""Push messages reach a browser in which no page of Moca is open or looked at."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people.test_presence import admin
from tests.browser.service import Whole
from tests.browser.test_alerts import TURN_OFF, TURN_ON
from tests.browser.test_inbox import logs_in, moca, visit
from tests.process.service import eventually

__all__ = ["admin", "moca", "visit"]

# The browser's real push service is on the Internet.
SUBSCRIBE = """
const keys = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};
let subscription = null;
PushManager.prototype.getSubscription = async () => subscription;
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  window.appKey = applicationServerKey;
  return subscription = {
    options: { applicationServerKey },
    toJSON: () => ({ endpoint: "https://push.example.com/send/1", expirationTime: null, keys }),
    unsubscribe: async () => { subscription = null; },
  };
};
"""
TARGETS = """SELECT operator.name, endpoint FROM push_target
    JOIN login ON login.id = login_id JOIN operator ON operator.id = operator_id"""
ADA = ("ada", "https://push.example.com/send/1")
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/static/");
  return (await registration.getNotifications()).map(({ title, body, tag }) => [title, body, tag]);
}"""
MESSAGE = {
    "title": "Zoe",
    "body": "Needs a reply",
    "tag": "/conversations/1",
    "url": "/conversations/1",
}


@pytest.fixture
def agent(visit: Callable[..., Page], admin: Page) -> Page:
    page = visit("desktop", "/login")
    page.context.add_init_script(SUBSCRIBE)
    page.context.grant_permissions(["notifications"])
    logs_in(page)
    expect(page.get_by_role("button", name=TURN_ON)).to_be_visible()
    return page


def subscribed(moca: Whole, *rows: tuple[str, str]) -> None:
    eventually(lambda: moca.rows(TARGETS) == list(rows))


def test_turning_notifications_on_subscribes_the_browser_until_it_logs_out(
    agent: Page, moca: Whole
) -> None:
    agent.get_by_role("button", name=TURN_ON).click()
    subscribed(moca, ADA)
    assert len(agent.evaluate("window.appKey")) == 87

    agent.get_by_role("button", name=TURN_OFF).click()
    subscribed(moca)
    agent.get_by_role("button", name=TURN_ON).click()
    subscribed(moca, ADA)

    agent.get_by_role("button", name="Log out").click()
    subscribed(moca)
    logs_in(agent)
    subscribed(moca, ADA)


def test_a_push_message_is_shown_while_no_page_of_moca_is_open(agent: Page, moca: Whole) -> None:
    agent.get_by_role("button", name=TURN_ON).click()
    subscribed(moca, ADA)
    registrations: list[dict[str, str]] = []

    def is_registered() -> list[dict[str, str]]:
        agent.evaluate("true")  # Playwright hands on events only while it waits for the page.
        return registrations

    client = agent.context.new_cdp_session(agent)
    client.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registrations.extend(told["registrations"]),
    )
    client.send("ServiceWorker.enable")
    eventually(is_registered)
    push = {
        "origin": moca.url,
        "registrationId": registrations[0]["registrationId"],
        "data": json.dumps(MESSAGE),
    }

    def is_shown() -> bool:
        # A worker that begins late finds the page open that looks for what it shows.
        agent.goto("about:blank")
        client.send("ServiceWorker.deliverPushMessage", push)
        agent.goto(moca.url)
        found: bool = agent.evaluate(SHOWN) == [["Zoe", "Needs a reply", "/conversations/1"]]
        return found

    eventually(is_shown)
