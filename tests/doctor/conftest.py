from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import StoreAccount
from moca.core.messages.command import Command, Done, Receipt
from moca.core.messages.inbound import RecordSignatureCheck
from moca.doctor.checks import CheckTarget, run_checks
from moca.doctor.finding import Finding
from moca.instagram.account_check import AccountCheck
from moca.instagram.graph_access import GraphAccess
from moca.instagram.sandbox.account_problems import AccountProblems
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from moca.instagram.sandbox.webhooks import WebhookDelivery
from moca.storage.db.connection import restrict_to_owner
from moca.storage.writer import Writer
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.instagram.conftest import served
from tests.storage.desk import POLICY
from tests.support.databases import open_migrated
from tests.support.values import of_kind

ACCOUNT = "17841400000000001"
SECRETS = ("the-app-secret", "the-instagram-app-secret")
VERIFY = "the-verify-token"
TOKEN = "the-access-token"


class CheckedMoca:
    """Moca's web with a real database, and a fake Instagram with configurable problems."""

    def __init__(self, path: Path) -> None:
        self.database = open_migrated(path)
        restrict_to_owner(self.database)
        self.writer = Writer(self.database, POLICY)
        self.troubles = AccountProblems()
        self.accounts = SandboxAccounts(ACCOUNT, TOKEN)
        self.has_token = True
        self.account_id = ACCOUNT

    def tell(self, command: object) -> None:
        """Execute the web's commands."""
        self.writer.apply([of_kind(command, Command)])
        self.writer.close()
        receipt: Receipt | None = getattr(command, "receipt", None)
        if receipt is not None:
            receipt.set_result(Done())

    def web(self) -> Flask:
        """Return Moca's web application."""
        config = WebConfig(app_secrets=SECRETS, verify_token=VERIFY, api_token="the-api-token")
        ports = WebPorts(
            database=self.database,
            tell=self.tell,
            health=Health,
            note_signing=self._note_signing,
        )
        return create_app(ports, config)

    def graph(self, delivery: WebhookDelivery) -> Flask:
        """Return the fake Graph API."""
        self.instagram = SandboxInstagram(self.accounts, delivery.put, troubles=self.troubles)
        app = Flask("graph")
        app.register_blueprint(graph_blueprint(self.instagram))
        return app

    def connect(self, **account: Any) -> None:
        """Connect the account as well, so that its token's age is known."""
        now = account.pop("now")
        days = account.pop("days", 60)
        token = SealedToken("sealed", now, now + timedelta(days=days))
        self.tell(StoreAccount(Account(account_id=ACCOUNT, **account), token, now))

    def run_checks(self, address: str, graph: str, **changes: Any) -> tuple[Finding, ...]:
        """Run the doctor; return what is to be done, by name."""
        with closing(AccountCheck(lambda _: GraphAccess(f"{graph}/v26.0", TOKEN), 5)) as checkup:
            target = CheckTarget(
                database=self.database,
                checkup=checkup,
                address=address,
                is_live=False,
                verify_token=VERIFY,
                app_secrets=SECRETS,
                account_id=self.account_id,
                has_token=self.has_token,
                require_key=lambda: None,
                timeout_seconds=5,
            )
            return tuple(run_checks(replace(target, **changes)))

    def _note_signing(self, secret: str) -> None:
        from moca import clock

        self.tell(RecordSignatureCheck(secret, clock.now()))


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[CheckedMoca]:
    made = CheckedMoca(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def moca_url(checked: CheckedMoca) -> Iterator[str]:
    """The address of the running Moca."""
    with served(checked.web()) as address:
        yield address


@pytest.fixture
def graph(checked: CheckedMoca, moca_url: str) -> Iterator[str]:
    """The address of the running Instagram."""
    delivery = WebhookDelivery(f"{moca_url}/api/instagram/webhook", SECRETS[1], checked.troubles)
    delivery.start()
    with served(checked.graph(delivery)) as address:
        yield address
    delivery.stop()
