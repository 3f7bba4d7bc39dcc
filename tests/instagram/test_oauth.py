import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from flask import Flask

from moca.core.accounts import Account, Credentials, LoginKind
from moca.core.content.content import Content
from moca.core.outbox.delivery import Delivered
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.graph_access import Hosts
from moca.instagram.oauth import App, Connected, Grant, LoginClient, LoginFailed, LoginHosts
from moca.instagram.permissions import permissions_for
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.oauth_routes import login_blueprint
from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import Serve
from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.values import of_kind, only

ACCOUNT = "17841400000000001"
BACK = "https://moca.example/connect/callback"
INSTAGRAM, FACEBOOK = LoginKind.INSTAGRAM_LOGIN, LoginKind.FACEBOOK_LOGIN


@pytest.fixture
def instagram() -> SandboxInstagram:
    return SandboxInstagram(SandboxAccounts(ACCOUNT, "token"), lambda _body: None)


@pytest.fixture
def hosts(instagram: SandboxInstagram, serve: Serve) -> Hosts:
    app = Flask("sandbox")
    app.register_blueprint(login_blueprint(instagram, "https://moca.example"))
    app.register_blueprint(graph_blueprint(instagram))
    url = serve(app)
    return Hosts(url, url, "v26.0")


@pytest.fixture
def client(hosts: Hosts) -> Iterator[LoginClient]:
    made = LoginClient(LoginHosts.all_at(hosts, hosts.instagram), App("77", "the-secret"), 5)
    with closing(made) as client:
        yield client


def agree(client: LoginClient, flavour: LoginKind = INSTAGRAM) -> str:
    """The owner grants access; return the code of the redirect."""
    dialog = client.dialog(flavour, BACK, "the state")
    answer = requests.get(f"{dialog}&account_id={ACCOUNT}", allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert back.fragment == "_"
    asked = parse_qs(back.query)
    assert asked["state"] == ["the state"]
    return asked["code"][0]


def test_an_instagram_login_ends_in_an_account_and_a_long_lived_token(client: LoginClient) -> None:
    asked = permissions_for(INSTAGRAM, answers_comments=False)
    (connected,) = of_kind(client.connect(INSTAGRAM, agree(client), BACK), tuple)
    assert connected.account == Account(
        account_id=ACCOUNT,
        username="the_account",
        name="The account",
        app_user_id="97841400000000001",
        scopes=asked.scopes,
        subscribed_fields=asked.fields,
    )
    assert connected.grant.lifetime == timedelta(seconds=5_183_944)


def test_a_facebook_login_ends_in_the_page_s_token_which_has_no_end(client: LoginClient) -> None:
    asked = permissions_for(FACEBOOK, answers_comments=False)
    (connected,) = of_kind(client.connect(FACEBOOK, agree(client, FACEBOOK), BACK), tuple)
    assert connected.account == Account(
        account_id=ACCOUNT,
        flavour=FACEBOOK,
        username="the_account",
        name="The Page",
        page_id=f"page-{ACCOUNT}",
        app_user_id="97841400000000001",
        scopes=asked.scopes,
        subscribed_fields=asked.fields,
    )
    assert connected.grant.lifetime is None


@pytest.mark.parametrize(
    ("flavour", "scope", "fields"),
    [
        (INSTAGRAM, "instagram_business_manage_comments", {"comments", "live_comments"}),
        (FACEBOOK, "instagram_manage_comments", set()),
    ],
)
def test_answering_comments_takes_a_permission_and_fields_of_its_own(
    hosts: Hosts, flavour: LoginKind, scope: str, fields: set[str]
) -> None:
    made = LoginClient(
        LoginHosts.all_at(hosts, hosts.instagram), App("77", "s"), 5, answers_comments=True
    )
    with closing(made) as client:
        accounts = of_kind(client.connect(flavour, agree(client, flavour), BACK), tuple)
    connected = only(accounts, Connected)
    assert scope in connected.account.scopes
    assert fields <= set(connected.account.subscribed_fields)


@pytest.mark.parametrize("flavour", LoginKind)
def test_what_a_login_brought_sends_messages(
    client: LoginClient, hosts: Hosts, instagram: SandboxInstagram, flavour: LoginKind
) -> None:
    (connected,) = of_kind(client.connect(flavour, agree(client, flavour), BACK), tuple)
    account = connected.account
    credentials = Credentials(flavour, connected.grant.token, account.page_id)
    maya = ContactKey(ACCOUNT, "28978671838402975")
    with closing(GraphClient(lambda _: hosts.access(credentials), 5)) as graph:
        assert isinstance(graph.send(maya, Content(text="hello")), Delivered)
    assert [each.text for each in instagram.thread(maya.psid)] == ["hello"]


@pytest.mark.parametrize("flavour", LoginKind)
def test_a_code_works_once(client: LoginClient, flavour: LoginKind) -> None:
    code = agree(client, flavour)
    client.connect(flavour, code, BACK)
    again = client.connect(flavour, code, BACK)
    assert isinstance(again, LoginFailed)
    assert code not in again.because


def test_a_token_is_refreshed_after_a_day(client: LoginClient) -> None:
    with frozen_at(NOON) as frozen:
        (connected,) = of_kind(client.connect(INSTAGRAM, agree(client), BACK), tuple)
        early = client.refresh(connected.grant.token)
        frozen.tick(timedelta(hours=24))
        late = client.refresh(connected.grant.token)
    assert early == LoginFailed("GET refresh_access_token: Graph 10: a permission is missing")
    assert isinstance(late, Grant)
    assert late.token != connected.grant.token


def test_a_dead_token_cannot_be_refreshed(client: LoginClient, instagram: SandboxInstagram) -> None:
    instagram.troubles.become([AccountProblem.TOKEN])
    because = "GET refresh_access_token: Graph 190: the access token is not valid"
    assert client.refresh("gone") == LoginFailed(because, is_token_dead=True)


def test_an_unreachable_host_is_a_reason(client: LoginClient, hosts: Hosts) -> None:
    nowhere = Hosts("http://127.0.0.1:9", "http://127.0.0.1:9", "v26.0")
    with closing(LoginClient(LoginHosts(nowhere), App("77", "s"), 1)) as away:
        failed = away.refresh("token")
    assert failed == LoginFailed("GET refresh_access_token: cannot connect to Instagram")


def test_meta_s_own_addresses_are_used_live() -> None:
    hosts = LoginHosts(Hosts("https://graph.instagram.com", "https://graph.facebook.com", "v26.0"))
    with closing(LoginClient(hosts, App("77", "s"), 1)) as client:
        asked = urlsplit(client.dialog(INSTAGRAM, BACK, "x"))
    assert asked._replace(query="").geturl() == "https://www.instagram.com/oauth/authorize"
    assert parse_qs(asked.query) == {
        "client_id": ["77"],
        "redirect_uri": [BACK],
        "response_type": ["code"],
        "scope": ["instagram_business_basic,instagram_business_manage_messages"],
        "state": ["x"],
    }


def test_the_sandbox_s_tokens_end_soon_where_it_is_told_so(
    client: LoginClient, instagram: SandboxInstagram
) -> None:
    instagram.troubles.become([AccountProblem.TOKEN_AGE])
    (connected,) = of_kind(client.connect(INSTAGRAM, agree(client), BACK), tuple)
    assert connected.grant.lifetime == timedelta(days=5)


def test_the_sandbox_s_tokens_work_on_when_it_was_started_again(client: LoginClient) -> None:
    (connected,) = of_kind(client.connect(INSTAGRAM, agree(client), BACK), tuple)
    token = connected.grant.token
    assert SandboxAccounts(ACCOUNT, "token").find(token) == ACCOUNT
    assert SandboxAccounts(ACCOUNT, "another").find(token) is None
    assert SandboxAccounts(ACCOUNT, "token").find(token + "0") is None


@pytest.mark.parametrize(
    ("back", "status"),
    [
        (BACK, 302),
        ("http://127.0.0.1:8000/connect/callback", 302),
        ("http://localhost:8000/connect/callback", 302),
        ("https://evil.example/connect/callback", 400),
        ("https://moca.example@evil.example/connect/callback", 400),
        ("https://moca.example/elsewhere", 400),
        ("javascript://moca.example/connect/callback", 400),
        ("http://[/connect/callback", 400),
        ("", 400),
    ],
)
def test_the_sandbox_gives_its_codes_to_moca_alone(hosts: Hosts, back: str, status: int) -> None:
    asked = {"client_id": "77", "redirect_uri": back, "account_id": ACCOUNT}

    answer = requests.get(
        f"{hosts.instagram}/oauth/authorize", asked, allow_redirects=False, timeout=5
    )

    assert answer.status_code == status
    assert ("code=" in answer.headers.get("Location", "")) == (status == 302)


def test_the_sandbox_asks_which_account_is_connected(hosts: Hosts) -> None:
    address = f"{hosts.instagram}/oauth/authorize"
    asked = {"client_id": "77", "redirect_uri": BACK, "state": "<s>&", "scope": "a,b"}
    page = requests.get(address, asked, timeout=5)

    links = [unescape(link) for link in re.findall(r'href="(\?[^"]+)"', page.text)]
    chosen = [requests.get(address + each, allow_redirects=False, timeout=5) for each in links]
    assert [dict(parse_qsl(urlsplit(each).query)) for each in links] == [
        {**asked, "account_id": account_id}
        for account_id in (ACCOUNT, "17841400000000002", "17841400000000003")
    ]
    for each in chosen:
        back = urlsplit(each.headers["Location"])
        assert dict(parse_qsl(back.query))["state"] == "<s>&"
    for name in ("the_account", "the_second_account", "the_third_account"):
        assert f">{name}</a>" in page.text
