from datetime import timedelta

from flask import Blueprint, Response, jsonify, request

from moca import clock
from moca.instagram.sandbox import graph_reads, graph_sends, messenger_profile
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import page_of
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused


class _RefusedError(Exception):
    """Raised to refuse a request; carries the answer."""

    def __init__(self, answer: SandboxResponse) -> None:
        super().__init__(answer.status)
        self.answer = answer


def graph_blueprint(instagram: SandboxInstagram) -> Blueprint:
    """Return the Graph routes that Moca calls, under `/<any version>/`.

    `me` and the account's own id mean the same; the access token determines the account.
    """
    graph = Blueprint("sandbox_graph", __name__)

    @graph.url_value_preprocessor
    def accept_any_version(_endpoint: str | None, values: dict[str, str] | None) -> None:
        (values or {}).pop("version", None)

    @graph.post("/<version>/<account>/messages")
    def send(account: str) -> Response:
        account_id = _authorized(instagram, account)
        return _respond(graph_sends.take(instagram, account_id, request.get_json(silent=True)))

    @graph.route("/<version>/<account>/messenger_profile", methods=["GET", "POST", "DELETE"])
    def profile(account: str) -> Response:
        account_id = _authorized(instagram, account)
        document = request.get_json(silent=True)
        return _respond(messenger_profile.take(instagram, account_id, request.method, document))

    @graph.get("/<version>/<account>/conversations")
    def conversations(account: str) -> Response:
        account_id = _authorized(instagram, account)
        if instagram.troubles.has(AccountProblem.MESSAGE_ACCESS):
            raise _RefusedError(refused(200, "The owner has not allowed access", 2534041))
        if instagram.troubles.has(AccountProblem.SCOPES):
            raise _RefusedError(refused(10, "The permission is missing", status=403))
        psid = request.args.get("user_id")
        page = graph_reads.ReadPage.wanted(request.args.get("after"), request.args.get("limit"))
        return _respond(graph_reads.list_conversations(instagram, account_id, psid, page))

    @graph.get("/<version>/<account>/subscribed_apps")
    def subscriptions(account: str) -> Response:
        _authorized(instagram, account)
        return _respond(graph_reads.list_subscriptions(instagram))

    @graph.post("/<version>/<account>/subscribed_apps")
    def subscribe(account: str) -> Response:
        _authorized(instagram, account)
        return _respond(fine(success=True))

    @graph.delete("/<version>/<account>/subscribed_apps")
    def unsubscribe(account: str) -> Response:
        _authorized(instagram, account)
        return _respond(fine(success=True))

    @graph.get("/<version>/<node>")
    def read(node: str) -> Response:
        fields = request.args.get("fields", "")
        return _respond(graph_reads.read_node(instagram, _authorized(instagram), node, fields))

    @graph.errorhandler(_RefusedError)
    def refuse(refusal: _RefusedError) -> Response:
        return _respond(refusal.answer)

    @graph.after_request
    def date(response: Response) -> Response:
        apart = timedelta(minutes=10 if instagram.troubles.has(AccountProblem.CLOCK) else 0)
        response.date = clock.now() - apart
        return response

    return graph


def _authorized(instagram: SandboxInstagram, account: str = "me") -> str:
    account_id = instagram.accounts.find(_access_token())
    if account_id is None or instagram.troubles.has(AccountProblem.TOKEN):
        raise _RefusedError(refused(190, "Invalid OAuth access token", status=401))
    if account not in ("me", account_id, page_of(account_id)):
        raise _RefusedError(refused(100, f"Object with ID '{account}' does not exist", 33))
    return account_id


def _access_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else request.args.get("access_token", "")


def _respond(answer: SandboxResponse) -> Response:
    response = jsonify(answer.document)
    response.status_code = answer.status
    return response
