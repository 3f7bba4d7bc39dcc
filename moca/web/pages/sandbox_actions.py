from collections.abc import Iterator
from typing import Any, Literal

from moca.instagram.sandbox.actions import SandboxAction, perform
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
"""What a contact does on the sandbox page besides writing."""

_ABOUT_OWN = ("edit", "unsend")
_ABOUT_ANY = ("answer", "react", "unreact", *_ABOUT_OWN)
_IN_WORDS = ("answer", "answer_story", "choose", "edit", "tap")


def do(sandbox: SandboxInstagram, act: SandboxAction) -> str:
    """Perform a contact's action; return the id of what it created or is about.

    Raises:
        Problem: 422 with the reason why it is impossible.
    """
    if act.does in _ABOUT_ANY:
        _check_message(sandbox, act)
    if act.does in _IN_WORDS and not act.text.strip():
        raise Problem(422, "text: must not be blank")
    return perform(sandbox, act)


def text_of(message: SandboxMessage) -> str:
    """Return a message's readable text, or that of its template."""
    texts = [template.get("button", {}).get("text", "") for template in _templates(message)]
    titles = [card["title"] for card in _cards(message) if "title" in card]
    return message.text or " \u00b7 ".join(filter(None, texts + titles))


def taps_of(message: SandboxMessage) -> list[dict[str, str]]:
    """Return what can be tapped under a message: its quick replies and postback buttons."""
    choices = [_tap("choose", each) for each in message.more.get("quick_replies", ())]
    return choices + [_tap("tap", button) for button in _buttons(message) if button.get("payload")]


def _check_message(sandbox: SandboxInstagram, act: SandboxAction) -> None:
    found = next(
        (each for each in sandbox.thread(act.psid, act.account_id) if each.mid == act.mid), None
    )
    if found is None:
        raise Problem(422, "mid: no such message")
    if act.does in _ABOUT_OWN and found.sender != "contact":
        raise Problem(422, "mid: was not written by this contact")


def _tap(does: SandboxDoes, button: dict[str, Any]) -> dict[str, str]:
    return {"does": does, "title": button["title"], "payload": button["payload"]}


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
