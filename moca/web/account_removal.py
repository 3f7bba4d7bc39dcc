import structlog

from moca import clock
from moca.core.messages.accounts import RemoveAccount
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig

_LOG = structlog.get_logger(__name__)


def remove_account(account_id: str, ports: Ports, config: WebConfig) -> str | None:
    """End an account's webhooks at Meta, as long as its token is there, then forget the account.

    Returns:
        None, or why Meta may go on sending webhooks of it. They are not answered then.

    Raises:
        Problem: it is not known to be forgotten.
    """
    because = ports.unsubscribe(account_id)
    carry_out(RemoveAccount(account_id, clock.now()), ports, config)
    if because is not None:
        _LOG.warning("account.not_unsubscribed", account=account_id, because=because)
    return because
