import structlog

from moca import clock
from moca.core.messages.accounts import RemoveAccount
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts

_LOG = structlog.get_logger(__name__)


def remove_account(account_id: str, ports: WebPorts, config: WebConfig) -> str | None:
    """End an account's webhooks at Meta while its token still exists, then delete the account.

    Returns:
        None, or why Meta may keep sending its webhooks, which are then not answered.

    Raises:
        Problem: If the deletion is not confirmed.
    """
    because = ports.unsubscribe(account_id)
    carry_out(RemoveAccount(account_id, clock.now()), ports, config)
    if because is not None:
        _LOG.warning("account.not_unsubscribed", account=account_id, because=because)
    return because
