import hmac

from moca import clock
from moca.instagram.sandbox.oauth import SandboxLogins

OTHER_ACCOUNTS = {
    "17841400000000002": "the_second_account",
    "17841400000000003": "the_third_account",
}
"""Names of the accounts that the login offers beside the default one, by id."""


def account_username(account_id: str) -> str:
    """Return the handle of an account."""
    return OTHER_ACCOUNTS.get(account_id, "the_account")


class SandboxAccounts:
    """Maps access tokens to accounts.

    Any account exists: the default one has `access_token`, another `<access_token>:<its id>`;
    tokens of logins work as well.
    """

    def __init__(self, account_id: str, access_token: str) -> None:
        self.account_id = account_id
        self._access_token = access_token
        self.logins = SandboxLogins(access_token)

    def token_for(self, account_id: str) -> str:
        """Return the access token of an account."""
        if account_id == self.account_id:
            return self._access_token
        return f"{self._access_token}:{account_id}"

    def find(self, token: str) -> str | None:
        """Return the account that a token speaks for; None if it is not a token."""
        known = self.logins.account_of(token, clock.now())
        if known is not None:
            return known
        account_id = token.rpartition(":")[2] if ":" in token else self.account_id
        is_real = hmac.compare_digest(token.encode(), self.token_for(account_id).encode())
        return account_id if account_id and is_real else None


def page_of(account_id: str) -> str:
    """Return the id of the Facebook Page that an account is linked with."""
    return f"page-{account_id}"
