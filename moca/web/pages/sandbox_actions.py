from collections.abc import Iterator
from typing import Any, Literal

from moca.instagram.sandbox.actions import Act, perform
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.threads import SandboxMessage
from moca.web.errors import Problem

SandboxDoes = Literal[
    "answer",
    "answer_story",
    "attach",
    "choose",
    "edit",
    "mention_in_story",
    "react",
    "share",
    "tap",
    "unreact",
    "unsend",
]
"""What a person does on the sandbox page beside writing."""

_ABOUT_OWN = ("edit", "unsend")
_ABOUT_ANY = ("answer", "react", "unreact", *_ABOUT_OWN)
_IN_WORDS = ("answer", "answer_story", "choose", "edit", "tap")


def do(sandbox: SandboxInstagram, act: Act) -> str:
    """Let a person do something; the id of what was made, or of what it is about.

    Raises:
        Problem: 422, naming what no person could do.
    """
    if act.does in _ABOUT_ANY:
        _check_message(sandbox, act)
    if act.does in _IN_WORDS and not act.text.strip():
        raise Problem(422, "text: it must not be blank")
    return perform(sandbox, act)


def text_of(message: SandboxMessage) -> str:
    """Tell what is read of a message: its text, or that of its template."""
    told = [template.get("button", {}).get("text", "") for template in _templates(message)]
    titles = [card["title"] for card in _cards(message) if "title" in card]
    return message.text or " \u00b7 ".join(filter(None, told + titles))


def taps_of(message: SandboxMessage) -> list[dict[str, str]]:
    """List what can be tapped under a message: its quick replies and the buttons that answer."""
    choices = [_tap("choose", each) for each in message.more.get("quick_replies", ())]
    return choices + [_tap("tap", button) for button in _buttons(message) if button.get("payload")]


def _check_message(sandbox: SandboxInstagram, act: Act) -> None:
    found = next((each for each in sandbox.thread(act.psid) if each.mid == act.mid), None)
    if found is None:
        raise Problem(422, "mid: there is no such message")
    if act.does in _ABOUT_OWN and found.sender != "contact":
        raise Problem(422, "mid: somebody else wrote it")


def _tap(does: SandboxDoes, told: dict[str, Any]) -> dict[str, str]:
    return {"does": does, "title": told["title"], "payload": told["payload"]}


def _buttons(message: SandboxMessage) -> Iterator[dict[str, Any]]:
    for template in _templates(message):
        yield from template.get("button", {}).get("buttons", ())
    for card in _cards(message):
        yield from card.get("buttons", ())


def _cards(message: SandboxMessage) -> Iterator[dict[str, Any]]:
    for template in _templates(message):
        yield from template.get("generic", {}).get("elements", ())


def _templates(message: SandboxMessage) -> list[dict[str, Any]]:
    attachments = message.more.get("attachments", ())
    return [each["payload"] for each in attachments if each["type"] == "template"]
