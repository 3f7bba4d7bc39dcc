from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from pydantic import SecretStr

from actors.settings_account import SettingsAccount
from moca.core.accounts import LoginKind
from moca.instagram.account_check import AccountCheck, Fault
from moca.instagram.graph import GraphClient
from moca.instagram.graph_access import GraphAccess, Hosts
from moca.instagram.oauth import App, LoginClient, LoginHosts
from moca.instagram.sandbox.account_problems import AccountProblems
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.webhooks import WebhookDelivery
from moca.settings.sections import GRAPH_URL, Settings
from moca.storage.accounts.credentials import CredentialStore

SANDBOX_GRAPH = "/sandbox/graph"
WEBHOOK = "/api/instagram/webhook"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The stand-in for Instagram inside this process."""

    instagram: SandboxInstagram
    accounts: SandboxAccounts
    delivery: WebhookDelivery

    @classmethod
    def of(cls, settings: Settings) -> "Sandbox | None":
        """Start the sandbox, or return None if the settings point to Instagram elsewhere."""
        instagram = settings.instagram
        if not instagram.has_built_in_sandbox:
            return None
        secret = first_secret(instagram.app_secret)
        token = instagram.access_token.get_secret_value()
        accounts = SandboxAccounts(instagram.account_id, token)
        troubles = AccountProblems()
        delivery = WebhookDelivery(settings.server.own_address + WEBHOOK, secret, troubles)
        delivery.start()
        return cls(SandboxInstagram(accounts, delivery.put, troubles=troubles), accounts, delivery)


def graph_hosts(settings: Settings) -> Hosts:
    """Return the Graph API's hosts, by flavour."""
    instagram = settings.instagram
    if instagram.has_built_in_sandbox:
        here = settings.server.own_address + SANDBOX_GRAPH
        return Hosts(here, here, instagram.api_version)
    if instagram.graph_url != GRAPH_URL:
        return Hosts(instagram.graph_url, instagram.graph_url, instagram.api_version)
    return Hosts(instagram.graph_url, instagram.facebook_graph_url, instagram.api_version)


def login_client(settings: Settings) -> LoginClient:
    """Return the client for Meta's login and tokens."""
    instagram, hosts = settings.instagram, graph_hosts(settings)
    is_metas = hosts.host(LoginKind.INSTAGRAM_LOGIN) == GRAPH_URL
    everything = hosts.host(LoginKind.INSTAGRAM_LOGIN)
    login_hosts = LoginHosts(hosts) if is_metas else LoginHosts.all_at(hosts, everything)
    if instagram.has_built_in_sandbox:
        # Browsers may reach this process by another address than the process itself.
        dialog = f"{SANDBOX_GRAPH}/oauth/authorize"
        login_hosts = replace(login_hosts, instagram_dialog=dialog, facebook_dialog=dialog)
    app = App(instagram.app_id, first_secret(instagram.app_secret))
    return LoginClient(
        login_hosts,
        app,
        instagram.timeout_seconds,
        answers_comments=instagram.answer_comments,
    )


def graph_client(
    settings: Settings, book: CredentialStore, token_for: Callable[[str], str | None] | None = None
) -> GraphClient:
    """Return the client that calls Instagram for the accounts; arguments as for `access`."""
    return GraphClient(access(settings, book, token_for), settings.instagram.timeout_seconds)


def access(
    settings: Settings, book: CredentialStore, token_for: Callable[[str], str | None] | None = None
) -> Callable[[str], GraphAccess | None]:
    """Return a function that looks up the credentials of an account.

    Args:
        settings: Their access token is used for the account that it speaks for.
        book: Credentials of the connected accounts.
        token_for: Asked instead of the settings.
    """
    hosts = graph_hosts(settings)
    otherwise = token_for or settings_account(settings).token_for

    def access_for(account_id: str) -> GraphAccess | None:
        if book.is_connected(account_id):
            found = book.credentials(account_id)
            return None if found is None else hosts.access(found)
        token = None if book.is_removed(account_id) else otherwise(account_id)
        return None if token is None else GraphAccess(hosts.root(LoginKind.INSTAGRAM_LOGIN), token)

    return access_for


def settings_account(settings: Settings) -> SettingsAccount:
    """Return the account whose token is in the settings."""
    instagram = settings.instagram
    token = instagram.access_token.get_secret_value()
    mine = GraphAccess(graph_hosts(settings).root(LoginKind.INSTAGRAM_LOGIN), token)

    def ask() -> str | Fault | None:
        with closing(AccountCheck(lambda _account_id: mine, instagram.timeout_seconds)) as checkup:
            return checkup.account_of_token(instagram.account_id)

    return SettingsAccount(
        account_id=instagram.account_id,
        token=token,
        is_live=instagram.mode == "live",
        ask=ask,
    )


def first_secret(secrets: SecretStr) -> str:
    """Return the first of several comma-separated secrets."""
    return secrets.get_secret_value().split(",")[0].strip()
