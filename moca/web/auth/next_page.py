from urllib.parse import urlencode

from flask import request

_LONGEST = 2000


def login_address() -> str:
    """Return the address of the login that leads back to the page at hand."""
    path = request.full_path.rstrip("?")
    is_page = request.method == "GET" and local_path(path) == path != "/"
    return f"/login?{urlencode({'next': path})}" if is_page else "/login"


def local_path(asked: str) -> str:
    """Return the path if it leads to a page of ours, else that of the first page."""
    is_local = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    is_plain = asked.isprintable() and "\\" not in asked and len(asked) <= _LONGEST
    return asked if is_local and is_plain else "/"
