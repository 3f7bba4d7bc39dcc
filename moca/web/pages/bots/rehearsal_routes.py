from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.core.bots.rehearsals import (
    RehearsalPeriod,
    Rehearsals,
    RehearsalState,
    RehearsedDraft,
)
from moca.core.replay_comparison import Rehearsal, ReplayDifference, ReplayVerdict
from moca.core.topics import OTHER
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.accounts import find_account
from moca.storage.queries.replay_outcomes import still_stored
from moca.storage.queries.team.bots import BotRecord
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.commands import record_audit
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import show_problems
from moca.web.live_pages import LivePages
from moca.web.pages.bots.editor import BotEditor, number_of
from moca.web.schemas.bots import MAX_NOTE_LENGTH

_SHOWN = 50
_TITLES = {
    ReplayVerdict.SAME: "same",
    ReplayVerdict.CHANGED: "another reply",
    ReplayVerdict.ANOTHER_TIME: "at another time",
    ReplayVerdict.NOW_ANSWERED: "now answered",
    ReplayVerdict.NO_LONGER_ANSWERED: "no longer answered",
    ReplayVerdict.ANOTHER_END: "unanswered for another reason",
    ReplayVerdict.NOT_REPLAYED: "not replayed",
}


class _Bar(NamedTuple):
    """A verdict's part of the picture, in thousandths of its width."""

    verdict: ReplayVerdict
    title: str
    messages: int
    x: float
    width: float


class _Filters(NamedTuple):
    """Which differences are shown; empty shows all."""

    verdict: str
    rule: str
    topic: str

    def fit(self, difference: ReplayDifference) -> bool:
        """Return whether a difference is shown."""
        return (
            (not self.verdict or self.verdict == difference.verdict)
            and (not self.rule or self.rule in rules_of(difference))
            and (not self.topic or self.topic in topics_of(difference))
        )


def rehearsal_pages(
    ports: WebPorts, config: WebConfig, access: Guards, live: LivePages
) -> Blueprint:
    """Return the pages of rehearsals; for administrators."""
    routes = Blueprint("bot_rehearsals", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)
    show_problems(routes, BotEditor(ports, bots).show)

    @routes.post("/bots/<name>/rehearsal")
    def start(name: str) -> Answer:
        bot, document = _bot(bots, name), bots.document_of(name)
        bots.require_usable(document)
        revision = 0 if bot is None else bot.draft_revision
        draft = RehearsedDraft(name, revision, document, _account(ports))
        if not _jobs(ports).start(draft, _period()):
            raise Problem(409, "A rehearsal is running. Wait for it, or cancel it on its page.")
        record_audit("rehearsed a bot", f"bot {name}", ports, config)
        return redirect(url_for("bot_rehearsals.show", name=name), 303)

    @routes.post("/bots/<name>/rehearsal/cancel")
    def cancel(name: str) -> Answer:
        _jobs(ports).cancel(name)
        return redirect(url_for("bot_rehearsals.show", name=name), 303)

    @routes.get("/bots/<name>/rehearsal")
    def show(name: str) -> Response:
        bot = _bot(bots, name)
        state = _jobs(ports).state(name)
        if state is None:
            raise Problem(404, "No rehearsal of this bot, or it is older than an hour.")
        version = f"{state.started_at.timestamp()}-{state.share:.3f}-{state.is_running}"
        return live.show(
            "bot_rehearsal.html",
            lambda: f"{version}-{bot and (bot.draft_revision, bot.is_changed)}",
            lambda: {
                "at": "bots",
                "name": name,
                "state": state,
                **_shown(state),
                "bot": bot,
                "asks_mode": bot is not None and bots.asks_mode(bot),
                "may_publish": bot is not None
                and bot.is_changed
                and bot.draft_revision == state.draft.revision,
                "note_length": MAX_NOTE_LENGTH,
            },
            readers="administrators",
        )

    return routes


def rules_of(difference: ReplayDifference) -> set[str]:
    """Return the rules of the replies then and now."""
    return {each.rule for each in (difference.then, difference.now) if each.rule}


def topics_of(difference: ReplayDifference) -> set[str]:
    """Return the topics of the replies then and now."""
    endings = (difference.then, difference.now)
    return {each.topic or OTHER for each in endings if each.is_answered}


def _bot(bots: Bots, name: str) -> BotRecord | None:
    """Return a bot; None for that of the settings."""
    return None if name == DEFAULT_BOT else bots.find(name)


def _jobs(ports: WebPorts) -> Rehearsals:
    if ports.rehearsals is None:
        raise Problem(503, "This process does not rehearse.")
    return ports.rehearsals


def _account(ports: WebPorts) -> str:
    """Return the account that was chosen; empty for all that have the bot."""
    account_id = request.form.get("account", "")
    with ports.database.connection_context():
        if account_id and find_account(account_id) is None:
            raise Problem(422, "account: is not connected; choose another one")
    return account_id


def _period() -> RehearsalPeriod:
    try:
        return RehearsalPeriod(request.form.get("period", ""))
    except ValueError:
        raise Problem(422, "period: must be day, week or month") from None


def _shown(state: RehearsalState) -> dict[str, Any]:
    """Return what the page shows; called with the database connected."""
    if state.result is None:
        now = clock.now()
        return {"running_for": (state.ended_at or now) - state.started_at}
    result, filters = state.result, _filters()
    fitting = [each for each in result.differences if filters.fit(each)]
    start = (number_of(request.args.get("from", "")) or 0) // _SHOWN * _SHOWN
    page = fitting[start : start + _SHOWN]
    return {
        "result": result,
        "bars": _bars(result),
        "filters": filters,
        "rules": _sorted(map(rules_of, result.differences)),
        "topics": _sorted(map(topics_of, result.differences)),
        "titles": _TITLES,
        "found": len(fitting),
        "page": page,
        # Of those who were erased or unsent since, nothing may be shown.
        "stored": still_stored(each.message.key for each in page),
        "start": start,
        "further": start + _SHOWN if len(fitting) > start + _SHOWN else None,
    }


def _filters() -> _Filters:
    return _Filters(*(request.args.get(each, "")[:100] for each in _Filters._fields))


def _sorted(sets: Iterable[set[str]]) -> list[str]:
    return sorted(set().union(*sets))


def _bars(result: Rehearsal) -> list[_Bar]:
    bars: list[_Bar] = []
    x = 0.0
    for verdict, title in _TITLES.items():
        count = result.counts[verdict]
        width = 1000 * count / result.messages if result.messages else 0
        if count:
            bars.append(_Bar(verdict, title, count, round(x, 2), round(width, 2)))
        x += width
    return bars
