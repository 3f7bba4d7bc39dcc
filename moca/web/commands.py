from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import structlog

from moca.core.messages.operating import (
    CancelReply,
    ChangeConversation,
    EraseContact,
    RetryReply,
    SettleReply,
)
from moca.core.messages.receipt import Conflict, Done, NotFound, Receipt
from moca.core.messages.replying import QueueReply
from moca.web.config import Ports, WebConfig
from moca.web.problems import Problem

Command = TypeVar(
    "Command", ChangeConversation, CancelReply, EraseContact, QueueReply, RetryReply, SettleReply
)

_LOG = structlog.get_logger(__name__)


def carry_out(command: Command, ports: Ports, config: WebConfig) -> Done:
    """Hand an operator's command over and wait until it is on disk.

    Raises:
        Problem: 404 or 409 where it cannot be done, 503 where it is not known to be done.
    """
    receipt: Receipt = Future()
    match _answer(replace(command, receipt=receipt), receipt, ports, config):
        case Done() as done:
            return done
        case NotFound():
            raise Problem(404, "there is no such thing")
        case Conflict(because):
            raise Problem(409, because)
        case _:
            raise Problem(503, "it could not be stored in time; look before trying again")


def _answer(command: Command, receipt: Receipt, ports: Ports, config: WebConfig) -> object:
    try:
        ports.tell(command)
        return receipt.result(config.receipt_timeout.total_seconds())
    except Exception as error:  # noqa: BLE001 - whatever it was, only a commit may be told as one
        _LOG.warning(
            "command.not_stored", command=type(command).__name__, error=type(error).__name__
        )
        return None
