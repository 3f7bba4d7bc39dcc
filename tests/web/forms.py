from tests.support.values import captured

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def seal_of(client, path="/users"):
    """Return the form token of a page."""
    return captured(r'name="seal" value="([^"]+)"', client.get(path).text)


def sends(client, path, seal_from="/users", headers=SAME_ORIGIN, **fields):
    """Send a form as a browser does."""
    data = {"seal": seal_of(client, seal_from), **fields}
    return client.post(path, data=data, headers=headers)
