from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from moca.web.errors import PROBLEM_TYPE

EXAMPLES: dict[str, dict[str, object]] = {
    "AccountBody": {"account_id": "17841400000000001", "access_token": "IGAA0123456789"},
    "AccountPatch": {"name": "The shop"},
    "ApiKeyBody": {"name": "Mirror", "scope": "read"},
    "ApproveBody": {"text": "We open at ten."},
    "BotDraftBody": {"document": '[replies.fixed]\ntext = "We answer soon."\n', "revision": 0},
    "CasesBody": {
        "cases": '[[case]]\nname = "price"\nmessage = "How much?"\nexpect = { rule = "price" }\n',
        "revision": 0,
    },
    "ConversationBody": {"assignee": "ada", "labels": ["order"]},
    "EditBody": {"text": "We open at ten."},
    "LabelBody": {"name": "order", "colour": "green"},
    "LabelPatch": {"colour": "blue"},
    "NoteBody": {"text": "@ada Please look at the refund."},
    "PasswordBody": {"old": "the old password", "new": "a long new password"},
    "PauseBody": {"minutes": 30},
    "PublishBody": {"note": "New prices"},
    "PushBody": {
        "endpoint": "https://push.example.com/send/abc",
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpk"
        "NtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "ReactionBody": {"mid": "message_id_789", "emoji": "love"},
    "ReplyBody": {"text": "We open at nine."},
    "RollbackBody": {"version": 1},
    "SavedReplyBody": {"name": "Opening hours", "shortcut": "hours", "text": "We open at nine."},
    "SavedReplyPatch": {"text": "We open at ten."},
    "ReplayBody": {"after": 0},
    "SettleBody": {"delivered": True},
    "SubscriberBody": {
        "name": "CRM",
        "url": "https://crm.example.com/moca",
        "kinds": ["message.received", "message.sent"],
    },
    "SnoozeBody": {"until": "2030-01-31T09:00:00Z"},
    "UserBody": {"name": "ada", "password": "a long new password", "role": "answers"},
    "UserPatch": {"role": "administers"},
    "TryBody": {"text": "When are you open?"},
}
"""A request body for each schema of one."""

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Carries out the request once within 24 hours, "
    "however often it is sent: repeats "
    "return the first response. 422 if path or body differ, 409 while the first is in progress.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_JSON = "application/json"
_FIRST_PROBLEM = "400"


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI description with idempotency keys, examples and the type of problems."""
    described = deepcopy(description)
    for path, operations in described["paths"].items():
        if path.startswith("/api/") and "post" in operations:
            post = operations["post"]
            post.setdefault("parameters", []).append(_KEY)
            post["responses"].setdefault("409", post["responses"]["422"])
    for operation in _operations(described):
        _show_example(operation)
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status >= _FIRST_PROBLEM and _JSON in content:
                response["content"] = {PROBLEM_TYPE: content[_JSON]}
    return described


def _operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in description["paths"].values():
        yield from operations.values()


def _show_example(operation: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get(_JSON, {})
    name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name in EXAMPLES:
        body["example"] = EXAMPLES[name]


def operation_id(bp_name: str, name: str, path: str, method: str) -> str:
    """Return a short name of an operation, such as `queue_cancel`; unique in the API."""
    _ = path, method
    return f"{bp_name.removesuffix('_api')}_{name}"
