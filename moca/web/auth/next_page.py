from urllib.parse import urlencode

from flask import request

_MAX_LENGTH = 2000


def login_address() -> str:
    """Return the URL of the login, with a redirect back to the current page."""
    path = request.full_path.rstrip("?")
    is_page = request.method == "GET" and local_path(path) == path != "/"
    return f"/login?{urlencode({'next': path})}" if is_page else "/login"


def local_path(asked: str) -> str:
    """Return the path if it is a page of Moca's, else that of the first page."""
    is_local = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    is_plain = asked.isprintable() and "\\" not in asked and len(asked) <= _MAX_LENGTH
    return asked if is_local and is_plain else "/"
