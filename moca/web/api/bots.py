from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.core.bots.trials import TrialMessage
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.team.bots import BotRecord, list_bots
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.bots import Bots
from moca.web.config import WebConfig, WebPorts
from moca.web.schemas.bots import (
    BotDeletedShape,
    BotDraftBody,
    BotDraftShape,
    BotPath,
    BotShape,
    BotsShape,
    CaseResultShape,
    CasesBody,
    CasesShape,
    FailedCasesShape,
    PublishBody,
    RollbackBody,
    TriedShape,
    TryBody,
)
from moca.web.schemas.responses import ProblemShape


def bot_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for bots; for administrators."""
    routes = api_routes("bots_api", access)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)
    bots = Bots(ports, config)

    @routes.get("/bots", summary="List bots", responses={200: BotsShape})
    def listed() -> Response:
        with ports.database.connection_context():
            stored = list_bots()
        return answer(BotsShape(items=(_DEFAULT, *map(_shape, stored))))

    @routes.get(
        "/bots/<name>/draft",
        summary="Retrieve a bot's draft",
        responses={200: BotDraftShape, 404: ProblemShape},
    )
    def draft(path: BotPath) -> Response:
        return answer(_draft(bots, path.name))

    @routes.put(
        "/bots/<name>/draft",
        summary="Save a bot's draft, of a new bot too",
        responses={200: BotDraftShape, 409: ProblemShape},
    )
    def save(path: BotPath, body: BotDraftBody) -> Response:
        bots.save(path.name, body.document, body.revision)
        return answer(_draft(bots, path.name))

    @routes.post(
        "/bots/<name>/publish",
        summary="Publish a bot's draft; it decides from now on",
        responses={200: BotShape, 404: ProblemShape, 409: ProblemShape, 422: FailedCasesShape},
    )
    def publish(path: BotPath, body: PublishBody) -> Response:
        bots.publish(path.name, body.note, body.revision, body.override_reason, body.mode)
        return answer(_shape(bots.find(path.name)))

    @routes.get(
        "/bots/<name>/cases",
        summary="Retrieve what is expected of a bot, and whether its draft does it",
        responses={200: CasesShape, 404: ProblemShape},
    )
    def cases(path: BotPath) -> Response:
        return answer(_cases(bots, path.name))

    @routes.put(
        "/bots/<name>/cases",
        summary="Save what is expected of a bot",
        responses={200: CasesShape, 404: ProblemShape, 409: ProblemShape},
    )
    def save_cases(path: BotPath, body: CasesBody) -> Response:
        bots.save_cases(path.name, body.cases, body.revision)
        return answer(_cases(bots, path.name))

    @routes.post(
        "/bots/<name>/rollback",
        summary="Publish an earlier version again",
        responses={200: BotShape, 404: ProblemShape, 409: ProblemShape},
    )
    def roll_back(path: BotPath, body: RollbackBody) -> Response:
        bots.roll_back(path.name, body.version)
        return answer(_shape(bots.find(path.name)))

    @routes.delete(
        "/bots/<name>",
        summary="Delete a bot that answers for no account",
        responses={200: BotDeletedShape, 404: ProblemShape, 409: ProblemShape},
    )
    def delete(path: BotPath) -> Response:
        bots.delete(path.name)
        return answer(BotDeletedShape(name=path.name, deleted=True))

    @routes.post(
        "/bots/<name>/try",
        summary="See what a bot's draft would do with a message; nothing is sent",
        responses={200: TriedShape, 404: ProblemShape},
    )
    def try_out(path: BotPath, body: TryBody) -> Response:
        message = TrialMessage(
            text=body.text, kind=body.kind, language=body.language, calls_model=body.call_model
        )
        tried = bots.try_out(bots.document_of(path.name), message)
        return answer(
            TriedShape.model_validate(
                {
                    "generator": tried.generator,
                    "rule": tried.rule,
                    "topic": tried.topic,
                    "mode": tried.mode,
                    "hands_over": tried.hands_over,
                    "reply": tried.reply,
                    "why": tried.why,
                    "passed_over": [each._asdict() for each in tried.passed_over],
                }
            )
        )

    return routes


_DEFAULT = BotShape(
    name=DEFAULT_BOT,
    version=None,
    published_at=None,
    published_by=None,
    note=None,
    draft_revision=None,
    is_changed=False,
    accounts=(),
)


def _shape(bot: BotRecord) -> BotShape:
    latest = bot.latest
    return BotShape(
        name=bot.name,
        version=None if latest is None else latest.number,
        published_at=None if latest is None else latest.published_at,
        published_by=None if latest is None else latest.author,
        note=None if latest is None else latest.note,
        draft_revision=bot.draft_revision,
        is_changed=bot.is_changed,
        accounts=bot.account_ids,
    )


def _draft(bots: Bots, name: str) -> BotDraftShape:
    if name == DEFAULT_BOT:
        document = bots.document_of(name)
        return BotDraftShape(name=name, document=document, revision=0, saved_by=None, saved_at=None)
    bot = bots.find(name)
    return BotDraftShape(
        name=bot.name,
        document=bot.draft,
        revision=bot.draft_revision,
        saved_by=bot.draft_by,
        saved_at=bot.draft_at,
    )


def _cases(bots: Bots, name: str) -> CasesShape:
    known = bots.cases_of(name)
    results = bots.check(name, bots.document_of(name))
    return CasesShape(
        name=name,
        cases=known.cases,
        revision=known.revision,
        results=tuple(
            CaseResultShape(name=each.case.name, verdict=each.verdict, problems=each.problems)
            for each in results
        ),
    )
