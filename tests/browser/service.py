import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from flask import Flask
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Response

from actors.application import start_application
from moca.settings.reader import read_settings
from tests.process.service import eventually, free_port
from tests.support.databases import copy_migrated

TOKEN = "the-api-token"
_BRISK = {
    "MOCA_CONVERSATION__DEBOUNCE_SECONDS": "0.05",
    "MOCA_CONVERSATION__COOLDOWN_SECONDS": "0",
    "MOCA_SENDER__ACCOUNT_READS_PER_SECOND": "100",
    "MOCA_SENDER__USER_COOLDOWN_SECONDS": "0",
    "MOCA_WEB__API_TOKEN": TOKEN,
}
_LASTS_SECONDS = 3600
_KEPT: dict[str, Response] = {}
_CONFIG = Path(__file__).parents[2] / "config" / "moca.toml"


class Whole:
    """A whole running Moca with its own Instagram, and its address for a browser."""

    def __init__(self, url: str, path: Path) -> None:
        self.url = url
        self._path = path
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {TOKEN}"

    def writes(self, text: str, psid: str = "700", name: str = "Ada", **told: str) -> str:
        """Write as a contact, with `account_id` to that account; return the message's id."""
        body = {"psid": psid, "text": text, "name": name, **told}
        answer = self._session.post(f"{self.url}/sandbox/write", json=body, timeout=10)
        assert answer.status_code == 202, answer.text
        found: str = answer.json()["mid"]
        return found

    def writes_twice(self, text: str) -> None:
        """Repeat a message before the bot can have replied."""
        self.post("/api/queue/freeze")
        self.writes(text)
        self.writes(text)
        eventually(lambda: self.rows("SELECT 1 FROM message WHERE outcome = 'duplicate'"))
        self.post("/api/queue/release")

    def reached(self, psid: str = "700", **asked: Any) -> list[str]:
        """Return what arrived at a contact on Instagram, with `account_id` from that account."""
        query = {"psid": psid, **asked}
        state = self._session.get(f"{self.url}/sandbox/state", params=query, timeout=10).json()
        return [each["text"] for each in state["thread"] if each["sender"] == "account"]

    def items(self) -> list[str]:
        """Return the queue's statuses, oldest first."""
        return [status for (status,) in self.rows("SELECT status FROM queue_item ORDER BY id")]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the database directly, or change it."""
        # Moca's own tables know one database at a time, which is that of the running system.
        with closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
            return connection.execute(sql).fetchall()

    def post(self, path: str, **body: int | list[dict[str, str]] | str) -> None:
        """Post to the API."""
        answer = self._session.post(f"{self.url}{path}", json=body or None, timeout=10)
        assert answer.ok, answer.text

    def waits_for(self, *states: str) -> None:
        """Return once the queue has these statuses."""

        def there() -> bool:
            return self.items() == list(states)

        eventually(there)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class KeptFiles:
    """Answers requests for static files from memory, and lets browsers keep them.

    A page loads some twenty scripts. Moca has browsers ask for each again, at every page.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith("/static/"):
            return self._app(environ, start_response)
        if path not in _KEPT:
            answer = Response.from_app(self._app, environ, buffered=True)
            if answer.status_code != 200:
                return answer(environ, start_response)
            answer.cache_control.max_age = _LASTS_SECONDS
            answer.cache_control.no_cache = None
            _KEPT[path] = answer
        return _KEPT[path](environ, start_response)


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve an application while the block runs; yield its address."""
    server = ThreadedWSGIServer("127.0.0.1", port, KeptFiles(app))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=[0.05], name="pages")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def whole_moca(path: Path, **environment: str) -> Iterator[Whole]:
    """Run all of Moca in this process while the block runs."""
    port = free_port()
    told = {
        "MOCA_SERVER__PORT": str(port),
        "MOCA_DATABASE__URL": f"sqlite:///{path}/moca.db",
        **_BRISK,
        **environment,
    }
    settings = read_settings(_CONFIG, told)
    copy_migrated(path)
    application = start_application(settings)
    try:
        with serving(application.wsgi, port) as url, closing(Whole(url, path / "moca.db")) as whole:
            yield whole
    finally:
        application.stop()
