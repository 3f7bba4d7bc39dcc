import os
import shutil
import threading
from datetime import timedelta

import pytest
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import ThreadedWSGIServer

from moca import clock
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.browser.backend import BrowserBackend
from tests.browser.patience import PATIENCE_MS
from tests.support.databases import open_migrated
from tests.support.sessions import SessionCommands

TOKEN = "the-api-token"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium; without it a test is skipped, in CI it fails."""
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "chromium is not installed (apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def backend(tmp_path):
    """The backend of the pages: a database, a sandbox, and a driver that moves messages on."""
    database = open_migrated(tmp_path)
    yield BrowserBackend(database)
    database.close()


@pytest.fixture
def address(backend):
    """The address of the pages."""
    sessions = SessionCommands(backend.database)

    def tell(command):
        if not sessions.takes(command):
            backend.told.append(command)

    ports = WebPorts(database=backend.database, tell=tell, health=Health)
    config = WebConfig(
        app_secrets=("secret",),
        verify_token="verify",
        api_token=TOKEN,
        receipt_timeout=timedelta(milliseconds=PATIENCE_MS),
    )
    server = ThreadedWSGIServer("127.0.0.1", 0, create_app(ports, config, backend.sandbox))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, name="pages")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def now():
    return clock.now()
