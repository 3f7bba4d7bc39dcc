import secrets

from flask import Flask, Response, request
from markupsafe import Markup, escape

from moca.core.types import OperatorRole
from moca.web.auth.current_user import current_scope, current_user
from moca.web.auth.guards import Guards
from moca.web.idempotency import FORM_KEY
from moca.web.presenters.contact_view import MEDIA_SOURCES

_PAGES = (
    ("inbox", "Inbox", "/", OperatorRole.READS),
    ("review", "Review", "/review", OperatorRole.ANSWERS),
    ("saved_replies", "Saved replies", "/saved-replies", OperatorRole.ANSWERS),
    ("labels", "Labels", "/labels", OperatorRole.ANSWERS),
    ("queue", "Queue", "/queue", OperatorRole.READS),
    ("reports", "Reports", "/reports", OperatorRole.ADMINISTERS),
    ("health", "Health", "/health", OperatorRole.READS),
    ("accounts", "Accounts", "/accounts", OperatorRole.READS),
    ("bots", "Bots", "/bots", OperatorRole.ADMINISTERS),
    ("users", "Users", "/users", OperatorRole.ADMINISTERS),
    ("settings", "Settings", "/settings", OperatorRole.ADMINISTERS),
    ("sandbox", "Sandbox", "/sandbox", OperatorRole.READS),
)


_SHARED = frozenset({"saved_replies", "labels", "sandbox"})
"""Pages on which those change what all accounts share who are not limited to some."""


def register_frame(app: Flask, access: Guards) -> None:
    """Provide every template with the current user, their pages and the form token."""

    def pages() -> list[tuple[str, str, str]]:
        """Return the pages visible to the current user: key, title, URL."""
        known, served = current_user(), {rule.rule for rule in app.url_map.iter_rules()}
        hidden = _SHARED if current_scope().is_limited else ()
        return [
            (key, title, address)
            for key, title, address, role in _PAGES
            if address in served and key not in hidden and known is not None and known.may(role)
        ]

    def hidden_fields() -> Markup:
        """Return the hidden fields that every form needs, including its idempotency key."""
        return Markup(
            '<input type="hidden" name="csrf_token" value="{}">'
            '<input type="hidden" name="{}" value="{}" autocomplete="off">'
        ).format(escape(access.sessions.csrf_token()), FORM_KEY, secrets.token_urlsafe(16))

    app.jinja_env.globals.update(
        me=current_user, pages=pages, hidden_fields=hidden_fields, role_title=role_title
    )


_ALWAYS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        f"object-src 'none'; img-src 'self' {MEDIA_SOURCES}; media-src 'self' {MEDIA_SOURCES}"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WEBHOOK = frozenset({"webhook.receive", "webhook.handshake"})


def register_headers(app: Flask) -> None:
    """Set security headers on every response."""
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    # Meta's servers read none of these, and the webhook's path must be fast.
    if request.endpoint in _WEBHOOK:
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def role_title(role: str) -> str:
    """Return the display name of a role on pages."""
    return OperatorRole(role).display_name
