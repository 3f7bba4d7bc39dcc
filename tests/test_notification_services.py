"""Notifications reach services by Apprise; a local server stands for one of them."""

import json
from dataclasses import replace

import pytest

from moca.core.notifications import Notification
from moca.notification_client import NotificationTargets
from moca.notification_services import NotificationService
from tests.test_notification_client import NOTICE, Listener, listener

__all__ = ["listener"]


class ScriptedService:
    """A place that answers as scripted, and records what it is sent."""

    def __init__(self, *problems: str) -> None:
        self.problems = list(problems)
        self.ids: list[int] = []

    def send(self, notification: Notification) -> str:
        self.ids.append(notification.id)
        return self.problems.pop(0) if self.problems else ""


def service(listener: Listener, origin: str = "") -> NotificationService:
    return NotificationService(listener.url.replace("http:", "json:"), origin)


def posted(listener: Listener) -> list[tuple[str, str]]:
    return [
        (body["title"], body["message"])
        for body in (json.loads(body) for _, body in listener.posted)
    ]


def test_a_notification_is_a_text_with_a_link_to_the_conversation(listener: Listener) -> None:
    title = "Moca: The bot handed over a conversation"
    text = f"the contact asked for a person\nAccount: {NOTICE.account_id}"

    assert service(listener, "https://moca.example/").send(NOTICE) == ""
    assert service(listener).send(replace(NOTICE, account_id="")) == ""

    assert posted(listener) == [
        (title, f"{text}\nhttps://moca.example/conversations/12"),
        (title, "the contact asked for a person"),
    ]


def test_a_refusal_names_the_service_and_not_its_url(listener: Listener) -> None:
    listener.status = 500
    problem = service(listener).send(NOTICE)
    assert problem == "JSON: not accepted; the log of Apprise says why"


def test_an_unknown_url_is_refused() -> None:
    with pytest.raises(ValueError, match="Apprise cannot read this URL"):
        NotificationService("nonsense://x", "")


def test_a_retry_leaves_out_the_places_that_accepted() -> None:
    first, second = ScriptedService(), ScriptedService("Slack: not accepted", "Slack: not accepted")
    targets = NotificationTargets([first, second])
    other = replace(NOTICE, id=8)

    problems = [targets.send(each) for each in (NOTICE, other, NOTICE, NOTICE)]

    assert problems == ["Slack: not accepted", "Slack: not accepted", "", ""]
    assert (first.ids, second.ids) == ([7, 8, 7], [7, 8, 7, 7])
