import secrets

from flask import Flask, Response, request
from markupsafe import Markup, escape

from moca.core.types import Right
from moca.web.auth.current_user import visitor
from moca.web.auth.guards import Access
from moca.web.idempotency import FORM_KEY

_PAGES = (
    ("inbox", "Inbox", "/", Right.READS),
    ("queue", "Queue", "/queue", Right.READS),
    ("health", "Health", "/health", Right.READS),
    ("accounts", "Accounts", "/accounts", Right.READS),
    ("users", "Users", "/users", Right.ADMINISTERS),
    ("settings", "Settings", "/settings", Right.ADMINISTERS),
    ("sandbox", "Sandbox", "/sandbox", Right.READS),
)


def register_frame(app: Flask, access: Access) -> None:
    """Let every template know who looks, where they may go, and how to seal a form."""

    def pages() -> list[tuple[str, str, str]]:
        """List the pages that there are for whoever looks: key, title, address."""
        known, served = visitor(), {rule.rule for rule in app.url_map.iter_rules()}
        return [
            (key, title, address)
            for key, title, address, right in _PAGES
            if address in served and known is not None and known.may(right)
        ]

    def seal() -> Markup:
        """Write the fields without which no form is taken, and by which it is taken once."""
        return Markup(
            '<input type="hidden" name="seal" value="{}">'
            '<input type="hidden" name="{}" value="{}" autocomplete="off">'
        ).format(escape(access.sessions.seal()), FORM_KEY, secrets.token_urlsafe(16))

    app.jinja_env.globals.update(me=visitor, pages=pages, seal=seal)


_ALWAYS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WEBHOOK = frozenset({"webhook.receive", "webhook.handshake"})


def register_headers(app: Flask) -> None:
    """Let every answer carry the headers that keep browsers from doing what we did not mean."""
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    # Meta's machines read none of these, and theirs is the path that must be fast.
    if request.endpoint in _WEBHOOK:
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
