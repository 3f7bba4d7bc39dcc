import secrets

from flask import Flask
from markupsafe import Markup, escape

from moca.core.rights import Right
from moca.web.access import Access
from moca.web.idempotency import FORM_KEY
from moca.web.visitor import visitor

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
