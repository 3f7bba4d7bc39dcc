from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.core.accounts import token_problem, warning
from moca.core.messages.accounts import ChangeAccount
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.accounts import (
    AccountRecord,
    find_account,
    last_heard_by_account,
    list_accounts,
)
from moca.storage.queries.team.bots import bot_names_of_accounts, list_bots
from moca.web.account_removal import remove_account
from moca.web.account_tokens import sealed, usual_end
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import text_field

_MAX_TOKEN_LENGTH = 4096


def account_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the page of the connected accounts."""
    routes = Blueprint("account_pages", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator_to_change)

    @routes.get("/accounts")
    def accounts() -> str:
        now = clock.now()
        with ports.database.connection_context():
            known, heard_at = list_accounts(current_scope()), last_heard_by_account()
            bots = [bot.name for bot in list_bots() if bot.latest is not None]
            bot_of = bot_names_of_accounts()
        shown = [_shown(each, now, heard_at.get(each.account_id)) for each in known]
        return render_template(
            "accounts.html",
            at="accounts",
            accounts=shown,
            can_connect=bool(config.app_id),
            bots=(DEFAULT_BOT, *bots),
            bot_of=bot_of,
        )

    @routes.post("/accounts/<account_id>/bot")
    def choose_bot(account_id: str) -> Answer:
        bot = text_field("bot", longest=40)
        carry_out(ChangeAccount(account_id, clock.now(), bot=bot), ports, config)
        return redirect(url_for("account_pages.accounts"), 303)

    @routes.post("/accounts/<account_id>/token")
    def give_token(account_id: str) -> Answer:
        known, now = _found(account_id, ports), clock.now()
        token = _typed_token()
        new = sealed(ports, token, now, usual_end(known.flavour, now))
        carry_out(ChangeAccount(account_id, now, token=new), ports, config)
        return redirect(url_for("account_pages.accounts"), 303)

    @routes.get("/accounts/<account_id>/remove")
    def ask(account_id: str) -> str:
        account = _found(account_id, ports)
        return render_template("account_removal.html", at="accounts", account=account)

    @routes.post("/accounts/<account_id>/remove")
    def remove(account_id: str) -> Answer | str:
        account = _found(account_id, ports)
        because = remove_account(account.account_id, ports, config)
        if because is None:
            return redirect(url_for("account_pages.accounts"), 303)
        return render_template(
            "account_removed.html", at="accounts", account=account, because=because
        )

    return routes


def _shown(account: AccountRecord, now: datetime, heard_at: datetime | None) -> dict[str, Any]:
    return {
        "record": account,
        "token_problem": token_problem(account.token, now),
        "warning": warning(account.token, now),
        "token_age": now - account.token_issued_at,
        "heard_at": heard_at,
    }


def _typed_token() -> str:
    token = text_field("token", longest=_MAX_TOKEN_LENGTH)
    if not all("!" <= letter <= "~" for letter in token):
        raise Problem(422, "token: must not contain spaces or non-ASCII characters")
    return token


def _found(account_id: str, ports: WebPorts) -> AccountRecord:
    with ports.database.connection_context():
        found = find_account(account_id)
    if found is None:
        raise Problem(404, "No account with this ID.")
    return found
