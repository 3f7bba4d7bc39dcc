"""An example of every request to Moca: what it is about, and what it carries."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing.rules import Rule
from werkzeug.test import TestResponse

from moca.core.work_lists import WorkList
from tests.support.values import present
from tests.web.account_scope.world import AGENT, Side, item_id
from tests.web.forms import csrf_token_of

NOT_ABOUT_ACCOUNTS = {
    "description.description",
    "alerts.icon",
    "api_reference.page",
    "logins.form",
    "logins.log_in",
    "logins.log_in_with_token",
    "logins.log_out",
    "own.change",
    "own.key",
    "own.subscribe",
    "own.unsubscribe",
    "own_pages.change",
    "own_pages.me",
    "own_uploads.of_saved_reply",
    "privacy.deauthorize",
    "privacy.delete",
    "privacy.status",
    "probes.healthz",
    "probes.readyz",
    "static",
    "uploads.fetch",
    "uploads_api.upload",
    "webhook.handshake",
    "webhook.receive",
}
"""Endpoints that show no account's data, or are for machines with secrets of their own."""
ABOUT_ALL = {
    "accounts.connect",
    "api_keys",
    "bot_pages",
    "bots_api",
    "cluster.cluster",
    "connect",
    "keys_api",
    "labels.add",
    "labels.change",
    "labels.remove",
    "labels_api.add",
    "labels_api.change",
    "labels_api.remove",
    "probes.exposition",
    "probes.statusz",
    "queue.freeze",
    "queue.release",
    "queue_pages.freeze",
    "queue_pages.release",
    "reports",
    "saved_replies.add",
    "saved_replies.change",
    "saved_replies.remove",
    "saved_replies_api.add",
    "saved_replies_api.change",
    "saved_replies_api.remove",
    "settings_pages",
    "setup_pages",
    "subscribers",
    "subscribers_api",
    "users",
    "users_api",
}
"""Endpoints, or their blueprints, that are refused to those who are limited to accounts."""
LISTS = {
    "account_pages.accounts": ("",),
    "accounts.accounts": ("",),
    "alerts.needs_reply": ("",),
    "contacts.contacts": ("",),
    "conversations.conversations": ("", "?psid={psid}", "?label=vip", "?status=closed"),
    "events.events": ("?texts=true", "?after=1"),
    "health_pages.health": ("", "?account={account}"),
    "inbox.inbox": (
        "",
        "?account={account}",
        "?label=1",
        "?q=secret",
        "?q=is:open",
        "?q=label:vip",
        "?q=from:Ada",
        "?q=ada",
        *(f"?list={each}" for each in WorkList),
    ),
    "labels.labels": ("",),
    "labels_api.labels": ("",),
    "queue.forecast": ("", "?account_id={account}"),
    "queue.queue": ("", "?status=pending", "?status=failed", "?account_id={account}"),
    "queue_pages.queue": ("", "?status=pending", "?status=held", "?account={account}"),
    "review.review": ("", "?item={held}"),
    "saved_replies.saved_replies": ("",),
    "saved_replies_api.saved_replies": ("",),
    "search.find": ("?q=secret", "?q=ada", "?q=is:open", "?q=from:ada"),
    "stats.stats": ("", "?account_id={account}"),
}
"""What lists are asked for."""
CARRIED: dict[str, dict[str, object]] = {
    "account_pages.choose_bot": {"bot": "default"},
    "account_pages.give_token": {"token": "IGQ"},
    "accounts.change": {"name": "shop"},
    "accounts.connect": {"account_id": "178", "access_token": "IGQVJ"},
    "conversation_actions.note": {"note": "Look at this."},
    "conversation_actions.write": {"text": "At nine."},
    "conversations.change": {"labels": []},
    "conversations.react": {"mid": "{mid}", "emoji": "love"},
    "conversations.reply": {"text": "At nine."},
    "notes_api.add": {"text": "Look at this."},
    "queue.edit": {"text": "At ten."},
    "queue.settle": {"delivered": True},
    "queue_pages.edit": {"text": "At ten."},
}
"""The bodies of requests that need one."""
_STATUSES = {
    "queue.retry": "failed",
    "queue.settle": "unknown",
    "queue.approve": "held",
    "queue.discard": "held",
    "review.approve": "held",
    "review.discard": "held",
}
_ARGUMENT = re.compile(r"<(?:([^:<>]+(?:\(.*?\))?):)?(\w+)>")


def is_about_all(rule: Rule) -> bool:
    return rule.endpoint in ABOUT_ALL or rule.endpoint.split(".")[0] in ABOUT_ALL


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """Return each route that may show or change an account's data, with each of its methods."""
    return [
        (method, rule)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if rule.endpoint not in NOT_ABOUT_ACCOUNTS
        for method in sorted(present(rule.methods) - {"HEAD", "OPTIONS"})
    ]


def addresses(rule: Rule, side: Side) -> list[str]:
    """Return the addresses of a route about an account; a KeyError asks for an example."""
    values = {
        "account": side.account_id,
        "psid": side.psid,
        "held": str(item_id(side, "held")),
    }
    if "<" not in rule.rule and "GET" in present(rule.methods) and not is_about_all(rule):
        return [rule.rule + query.format(**values) for query in LISTS[rule.endpoint]]
    return [
        _ARGUMENT.sub(lambda each: present(_value(rule, each[1] or "", each[2], side)), rule.rule)
    ]


def nowhere(rule: Rule) -> str:
    """Return the address of a route about what does not exist."""
    kinds = rule.rule.removeprefix("/api").split("/")
    name = "no-such" if kinds[1] == "messages" else "99999999"
    first = _ARGUMENT.sub(name, rule.rule, count=1)
    return _ARGUMENT.sub(lambda each: _choice(each[1] or "") or "1", first)


def asks(client: FlaskClient, method: str, rule: Rule, address: str, side: Side) -> TestResponse:
    """Send a request with what it carries, and return the response."""
    values = CARRIED.get(rule.endpoint, {})
    carried = {
        name: value.format(mid=side.mid) if isinstance(value, str) else value
        for name, value in values.items()
    }
    if method == "GET":
        return client.get(address)
    if rule.rule.startswith("/api/"):
        return client.open(address, method=method, json=carried or None)
    form = {"csrf_token": csrf_token_of(client, "/me"), **carried}
    if "/bulk/" in rule.rule:
        form |= {"conversation": str(side.ids), "done_at": "1"}
    return client.open(address, method=method, data=form)


def _value(rule: Rule, converter: str, name: str, side: Side) -> str | None:
    kind = rule.rule.removeprefix("/api").split("/")[1]
    conversation, item = str(side.ids), str(item_id(side, _STATUSES.get(rule.endpoint, "pending")))
    if _choice(converter):
        return _choice(converter)
    return {
        ("conversations", "number"): conversation,
        ("conversations", "conversation_id"): conversation,
        ("conversations", "note"): conversation,
        ("conversations", "note_id"): conversation,
        ("conversations", "upload"): conversation,
        ("conversations", "label"): "1",
        ("conversations", "label_id"): "1",
        ("conversations", "operator"): str(AGENT),
        ("queue", "number"): item,
        ("queue", "item_id"): item,
        ("review", "number"): item,
        ("messages", "mid"): side.mid,
        ("accounts", "account_id"): side.account_id,
        ("contacts", "account_id"): side.account_id,
        ("contacts", "psid"): side.psid,
        ("bots", "name"): "default",
        ("bots", "number"): "1",
        ("keys", "key_id"): "1",
        ("keys", "number"): "1",
        ("labels", "label_id"): "1",
        ("labels", "number"): "1",
        ("saved-replies", "reply_id"): "1",
        ("saved-replies", "number"): "1",
        ("subscribers", "subscriber_id"): "1",
        ("subscribers", "number"): "1",
        ("subscribers", "delivery"): "1",
        ("deliveries", "delivery_id"): "1",
        ("users", "number"): "1",
        ("users", "user_id"): "1",
    }[kind, name]


def _choice(converter: str) -> str | None:
    """Return the first of the words that an argument may be; None if it may be any."""
    words = re.findall(r"'([\w-]+)'", converter)
    return words[0] if words else None
