from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from moca.core.accounts import Account, LoginKind
from moca.core.outbox.delivery import AccountStopped
from moca.instagram.errors import classify, read_error
from moca.instagram.graph_access import Hosts
from moca.instagram.oauth_responses import (
    FacebookPage,
    FacebookPages,
    InstagramAccount,
    LongToken,
    ShortToken,
    Subscribed,
)
from moca.instagram.permissions import Permissions, permissions_for
from moca.instagram.transport import GraphResponse, GraphTransport, NoResponse

_Shape = TypeVar("_Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class App:
    """The Meta app that accounts are connected to."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginHosts:
    """Where a login begins and where its code is exchanged; the rest is the Graph API's."""

    graph: Hosts
    instagram_dialog: str = "https://www.instagram.com/oauth/authorize"
    instagram_exchange: str = "https://api.instagram.com/oauth/access_token"
    facebook_dialog: str = "https://www.facebook.com/dialog/oauth"

    @classmethod
    def all_at(cls, graph: Hosts, root: str) -> "LoginHosts":
        """Return hosts that all point to a stand-in."""
        dialog = f"{root}/oauth/authorize"
        return cls(graph, dialog, f"{root}/oauth/access_token", dialog)


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and its lifetime; None if it does not expire."""

    token: str = field(repr=False)
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """An account whose owner granted access."""

    account: Account
    grant: Grant


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """A login that failed."""

    because: str
    is_token_dead: bool = False


class LoginClient:
    """Exchanges logins for accounts and tokens, and refreshes tokens; for one thread.

    Network and API failures are return values, and no reason quotes a token or a secret.
    """

    def __init__(
        self,
        hosts: LoginHosts,
        app: App,
        timeout_seconds: float,
        *,
        answers_comments: bool = False,
    ) -> None:
        self._hosts = hosts
        self._app = app
        self._answers_comments = answers_comments
        self._transport = GraphTransport(lambda _account_id: None, timeout_seconds)

    def dialog(self, flavour: LoginKind, redirect_uri: str, state: str) -> str:
        """Return the URL at which an account's owner grants access."""
        is_facebook = flavour is LoginKind.FACEBOOK_LOGIN
        asked = {
            "client_id": self._app.id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": ",".join(self._permissions(flavour).scopes),
            "state": state,
        }
        start = self._hosts.facebook_dialog if is_facebook else self._hosts.instagram_dialog
        return f"{start}?{urlencode(asked)}"

    def connect(
        self, flavour: LoginKind, code: str, redirect_uri: str
    ) -> tuple[Connected, ...] | LoginFailed:
        """Exchange a code, which works once, for its accounts, and subscribe to their webhooks."""
        try:
            if flavour is LoginKind.FACEBOOK_LOGIN:
                return self._pages(code, redirect_uri)
            return (self._instagram(code, redirect_uri),)
        except _RefusedError as refusal:
            return refusal.failed

    def refresh(self, token: str) -> Grant | LoginFailed:
        """Extend a long-lived Instagram token by another 60 days."""
        host = self._hosts.graph.host(LoginKind.INSTAGRAM_LOGIN)
        asked = {"grant_type": "ig_refresh_token", "access_token": token}
        try:
            found = self._get(LongToken, f"{host}/refresh_access_token", asked)
        except _RefusedError as refusal:
            return refusal.failed
        return Grant(found.access_token, found.lifetime)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _instagram(self, code: str, redirect_uri: str) -> Connected:
        form = {**self._named(), "grant_type": "authorization_code"}
        form |= {"redirect_uri": redirect_uri, "code": code}
        answer = self._transport.fetch("POST", self._hosts.instagram_exchange, form=form)
        short = _read(ShortToken, answer, "the exchange of the code")
        host = self._hosts.graph.host(LoginKind.INSTAGRAM_LOGIN)
        asked = {"grant_type": "ig_exchange_token", "access_token": short.access_token}
        asked["client_secret"] = self._app.secret
        long = self._get(LongToken, f"{host}/access_token", asked)
        root = self._hosts.graph.root(LoginKind.INSTAGRAM_LOGIN)
        fields = {"fields": "id,user_id,username,name"}
        me = self._get(InstagramAccount, f"{root}/me", fields, long.access_token)
        wanted = self._permissions(LoginKind.INSTAGRAM_LOGIN).fields
        self._subscribe(f"{root}/me", wanted, long.access_token)
        account = Account(
            account_id=me.user_id,
            username=me.username,
            name=me.name,
            app_user_id=me.id,
            scopes=short.permissions,
            subscribed_fields=wanted,
        )
        return Connected(account, Grant(long.access_token, long.lifetime))

    def _pages(self, code: str, redirect_uri: str) -> tuple[Connected, ...]:
        root = self._hosts.graph.root(LoginKind.FACEBOOK_LOGIN)
        exchange = f"{root}/oauth/access_token"
        asked = {**self._named(), "redirect_uri": redirect_uri, "code": code}
        short = self._get(LongToken, exchange, asked)
        asked = {**self._named(), "grant_type": "fb_exchange_token"}
        long = self._get(LongToken, exchange, asked | {"fb_exchange_token": short.access_token})
        me = self._get(FacebookPage, f"{root}/me", {"fields": "id"}, long.access_token)
        fields = {"fields": "id,name,access_token,instagram_business_account{id,username}"}
        pages = self._get(FacebookPages, f"{root}/me/accounts", fields, long.access_token)
        linked = tuple(page for page in pages.data if page.instagram_business_account)
        if not linked:
            raise _RefusedError(LoginFailed("none of the Pages has an Instagram account linked"))
        return tuple(self._page(root, me.id, page) for page in linked)

    def _page(self, root: str, app_user_id: str, page: FacebookPage) -> Connected:
        wanted = self._permissions(LoginKind.FACEBOOK_LOGIN)
        self._subscribe(f"{root}/{page.id}", wanted.fields, page.access_token)
        linked = page.instagram_business_account
        account = Account(
            account_id=linked.id if linked else "",
            flavour=LoginKind.FACEBOOK_LOGIN,
            username=linked.username if linked else None,
            name=page.name,
            page_id=page.id,
            app_user_id=app_user_id,
            scopes=wanted.scopes,
            subscribed_fields=wanted.fields,
        )
        return Connected(account, Grant(page.access_token))

    def _permissions(self, flavour: LoginKind) -> Permissions:
        return permissions_for(flavour, answers_comments=self._answers_comments)

    def _named(self) -> dict[str, str]:
        return {"client_id": self._app.id, "client_secret": self._app.secret}

    def _subscribe(self, node: str, fields: tuple[str, ...], token: str) -> None:
        answer = self._transport.fetch(
            "POST",
            f"{node}/subscribed_apps",
            token=token,
            query={"subscribed_fields": ",".join(fields)},
        )
        _read(Subscribed, answer, "the subscription of the fields")

    def _get(
        self, shape: type[_Shape], url: str, query: Mapping[str, str], token: str = ""
    ) -> _Shape:
        answer = self._transport.fetch("GET", url, query=query, token=token)
        return _read(shape, answer, f"GET {url.rpartition('/')[2]}")


class _RefusedError(Exception):
    """Raised if a login cannot continue."""

    def __init__(self, failed: LoginFailed) -> None:
        super().__init__(failed.because)
        self.failed = failed


def _read(shape: type[_Shape], answer: GraphResponse | NoResponse, what: str) -> _Shape:
    if isinstance(answer, NoResponse):
        raise _RefusedError(LoginFailed(f"{what}: {answer.because}"))
    error = read_error(answer.document)
    if error is not None:
        failure = classify(error, answer.status)
        is_dead = isinstance(failure, AccountStopped) and failure.is_token_dead
        raise _RefusedError(LoginFailed(f"{what}: {failure.because}", is_dead))
    if answer.status != HTTPStatus.OK:
        raise _RefusedError(LoginFailed(f"{what} was refused with HTTP {answer.status}"))
    try:
        return shape.model_validate(answer.document)
    except ValidationError:
        because = f"{what}: the response has an unknown format"
        raise _RefusedError(LoginFailed(because)) from None
