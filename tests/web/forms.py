from collections.abc import Mapping
from types import MappingProxyType

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.values import captured

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def csrf_token_of(client: FlaskClient, path: str = "/users") -> str:
    """Return the form token of a page."""
    return captured(r'name="csrf_token" value="([^"]+)"', client.get(path).text)


def sends(
    client: FlaskClient,
    path: str,
    form: Mapping[str, object] = MappingProxyType({}),
    /,
    *,
    token_from: str = "/users",
    headers: Mapping[str, str] = SAME_ORIGIN,
    **fields: object,
) -> TestResponse:
    """Send a form as a browser does."""
    data = {"csrf_token": csrf_token_of(client, token_from), **form, **fields}
    return client.post(path, data=data, headers=headers)
