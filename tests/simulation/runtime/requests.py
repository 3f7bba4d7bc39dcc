from concurrent.futures import Future
from functools import partial

from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import StoreAccount
from moca.core.messages.command import Command, Done
from moca.core.messages.housekeeping import EraseOnDeletionRequest
from moca.core.messages.operator_actions import EraseContact
from moca.core.messages.operators import AuditedCommand
from tests.simulation.oracle.erasures import Erasures
from tests.simulation.oracle.liveness import Liveness
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.oracle.team.account_scopes import AccountScopes
from tests.simulation.oracle.team.attachments import AttachedFiles
from tests.simulation.oracle.team.held_replies import HeldReplies
from tests.simulation.oracle.team.pushes import PushWatch
from tests.simulation.oracle.team.subscriptions import SubscriberWatch
from tests.simulation.runtime.operator import SimulatedOperator
from tests.simulation.runtime.process import Process
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import Erases, Operates, Renews


class Requests:
    """What operators, clients of the API and Meta's privacy callbacks ask of Moca."""

    def __init__(
        self,
        clockwork: Clockwork,
        trace: Trace,
        process: Process,
        operator: SimulatedOperator,
        oracle: Oracle,
        liveness: Liveness,
        erasures: Erasures,
        held: HeldReplies,
        subscriptions: SubscriberWatch,
    ) -> None:
        self._clockwork = clockwork
        self._trace = trace
        self._process = process
        self._operator = operator
        self._oracle = oracle
        self._liveness = liveness
        self._erasures = erasures
        self._held = held
        self._subscriptions = subscriptions
        if process.settings.pushes:
            process.pushes = PushWatch(oracle.ledger, oracle.is_broken)
            process.push_service.asked = process.pushes.asked
        self.attachments = AttachedFiles(process.database, clockwork, oracle, erasures)
        process.fetched = self.attachments.fetched
        self._scopes = AccountScopes(process.database, clockwork, process.post, oracle)
        self._codes = 0

    def operates(self, act: Operates) -> None:
        """Have the operator act, and perhaps ask for the same again."""
        if not self._scopes.admits(act):
            return
        command = self._command(act)
        if command is None:
            return
        self._trace.tell(f"the operator: {act.action} {act.contact.psid}")
        if act.action in ("resume", "reopen", "close", "pause"):
            self._oracle.freed.add(act.contact)
            self._oracle.takeovers.freed.add(act.contact)
        self.hand_in(command)
        if not isinstance(command, AuditedCommand):
            return
        for later in act.repeats:
            self._clockwork.after(later, partial(self._asks_again, command))

    def _command(self, act: Operates) -> Command | None:
        if act.action == "attach":
            return self.attachments.command(act)
        if act.action in ("redeliver", "replay"):
            return self._subscriptions.command(act.action)
        return self._operator.command(act)

    def hand_in(self, command: Command) -> None:
        """Send a command to the process, and judge the process by it from now on."""
        self._oracle.control.asked(command)
        self._oracle.takeovers.asked(command)
        self._held.asked(command)
        self._process.post(command)

    def erases(self, erases: Erases) -> None:
        """Ask that a contact be erased, as an operator or as Meta."""
        contact = erases.contact
        receipt: Future[object] = Future()
        self._trace.tell(f"erase {contact.psid}{' for Meta' if erases.by_meta else ''}")
        self._erasures.request(contact, receipt)
        if not erases.by_meta:
            self._process.post(EraseContact(contact, self._clockwork.now(), receipt=receipt))
            return
        self._codes += 1
        code, now = f"code{self._codes}", self._clockwork.now()
        self._process.post(EraseOnDeletionRequest(contact.psid, code, now, receipt=receipt))

    def renews(self, renews: Renews) -> None:
        """Store a new token for an account."""
        now = self._clockwork.now()
        receipt: Future[object] = Future()
        account, token = Account(account_id=renews.account_id), SealedToken("sealed", now)
        receipt.add_done_callback(partial(self._renewed, renews.account_id))
        self._process.post(StoreAccount(account, token, now, replaces=True, receipt=receipt))

    def _renewed(self, account_id: str, receipt: Future[object]) -> None:
        if receipt.exception() is None and isinstance(receipt.result(), Done):
            self._liveness.account_renewed(account_id)

    def _asks_again(self, deed: AuditedCommand) -> None:
        self._trace.tell("the operator: the same again")
        self.hand_in(self._oracle.takeovers.again(deed))
