from flask import Flask, Response, request

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
