from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from moca import clock
from moca.web import live_pages
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.browser.backend import BrowserBackend
from tests.browser.patience import PATIENCE_MS
from tests.browser.service import serving
from tests.support.databases import open_migrated
from tests.support.programs import installed
from tests.support.sessions import SessionCommands

TOKEN = "the-api-token"
DISABLED_FEATURES = (
    # For each tab, Chromium would load its address bar's own pages, although it is headless,
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # and a process for the next site, which no test visits.
    "SpareRendererForSitePerProcess",
    # Playwright disables the rest, but of two lists Chromium takes the last.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium; without it a test is skipped, in CI it fails."""
    chromium = installed("chromium", "chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def _pages_are_fresh() -> Iterator[None]:
    """Look again for a page that asks often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_pages, "_LOOKED_AT_EVERY", timedelta(milliseconds=50))
        yield


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[BrowserBackend]:
    """The backend of the pages: a database, a sandbox, and a driver that moves messages on."""
    database = open_migrated(tmp_path)
    yield BrowserBackend(database)
    database.close()


@pytest.fixture
def address(backend: BrowserBackend) -> Iterator[str]:
    """The address of the pages."""
    sessions = SessionCommands(backend.database)

    def tell(command: object) -> None:
        if not sessions.takes(command):
            backend.told.append(command)

    ports = WebPorts(database=backend.database, tell=tell, health=Health)
    config = WebConfig(
        app_secrets=("secret",),
        verify_token="verify",
        api_token=TOKEN,
        receipt_timeout=timedelta(milliseconds=PATIENCE_MS),
    )
    with serving(create_app(ports, config, backend.sandbox)) as url:
        yield url


@pytest.fixture
def now() -> datetime:
    return clock.now()
