from flask import Blueprint, render_template

from moca.web.auth.guards import Guards
from moca.web.config import WebPorts


def settings_pages(ports: WebPorts, access: Guards) -> Blueprint:
    """Return the page of the settings in force, secrets masked."""
    routes = Blueprint("settings_pages", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    @routes.get("/settings")
    def settings() -> str:
        sections: dict[str, list[tuple[str, str, str | None]]] = {}
        for name, value, default in ports.settings:
            section, _, key = name.partition(".")
            other = None if value == default else default or "(empty)"
            sections.setdefault(section, []).append((key, value, other))
        return render_template("settings.html", at="settings", sections=sections)

    return routes
