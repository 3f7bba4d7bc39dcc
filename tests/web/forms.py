from tests.support.values import captured

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def csrf_token_of(client, path="/users"):
    """Return the form token of a page."""
    return captured(r'name="csrf_token" value="([^"]+)"', client.get(path).text)


def sends(client, path, token_from="/users", headers=SAME_ORIGIN, **fields):
    """Send a form as a browser does."""
    data = {"csrf_token": csrf_token_of(client, token_from), **fields}
    return client.post(path, data=data, headers=headers)
