"""The web over a real database, directly on top of the writer."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from moca.core.messages.command import Command, Done
from moca.core.messages.inbound import RecordWebhook
from moca.instagram.signature import sign
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.accounts.vault import Vault
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from moca.storage.writer import Writer, WriterPolicy
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.support.databases import open_migrated
from tests.support.values import of_kind

ADDRESS = "/api/instagram/webhook"
SECRET = "the-app-secret"
TOKEN = "the-api-token"
CONFIG = WebConfig(
    app_secrets=(SECRET,),
    verify_token="the-verify-token",
    api_token=TOKEN,
    receipt_timeout=timedelta(0),
)
POLICY = WriterPolicy()


class Door:
    """Executes the web's commands and raises the errors of writing them to the web.

    With `batch` above 1, webhooks are gathered and written together, as the persistence actor does,
    and `flush` raises the errors of writing them.
    """

    def __init__(self, folder: Path, batch: int = 1) -> None:
        self.database = open_migrated(folder)
        self._writer = Writer(self.database, POLICY)
        self._batch = batch
        self._gathered: list[RecordWebhook] = []
        vault = Vault("", f"sqlite:///{folder}/moca.db")
        ports = WebPorts(
            database=self.database,
            tell=self._take,
            health=Health,
            seal=vault.seal,
            unsubscribe=lambda _account_id: None,
            bots=Workshop(Settings(), BotFactory(Settings(), lambda _name: BudgetRecord())),
        )
        self.app = create_app(ports, CONFIG)
        self.client = self.app.test_client()

    def post(self, body: bytes) -> int:
        """Post a body as Instagram would, signed; return the status."""
        headers = {"X-Hub-Signature-256": sign(body, SECRET)}
        answer = self.client.post(
            ADDRESS, data=body, headers=headers, content_type="application/json"
        )
        return answer.status_code

    def flush(self) -> None:
        """Write the gathered webhooks in one transaction."""
        gathered, self._gathered = self._gathered, []
        self._write(gathered)

    def texts(self, mids: Iterable[str]) -> dict[str, str]:
        """Return the stored texts of these messages; those not stored are missing."""
        wanted = Message.select(Message.mid, Message.text).where(Message.mid << list(mids))
        with self.database.connection_context():
            return dict(read_rows(wanted))

    def close(self) -> None:
        self.database.close()

    def _take(self, command: object) -> None:
        if self._batch == 1 or not isinstance(command, RecordWebhook):
            self._write([of_kind(command, Command)])
            return
        self._gathered.append(command)
        assert command.receipt is not None
        command.receipt.set_result(Done())
        if len(self._gathered) == self._batch:
            self.flush()

    def _write(self, commands: Sequence[Command]) -> None:
        for receipt, answer in self._writer.apply(commands).answers:
            if not receipt.done():
                receipt.set_result(answer)
