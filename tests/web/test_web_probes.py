from datetime import timedelta

from moca.core.vocabulary import Outcome
from moca.web.health import Health
from tests.web.rows import a_conversation, a_question, a_reply, an_answered_question, an_item


def test_a_process_that_answers_is_healthy(stranger):
    assert stranger.get("/healthz").get_json() == {"status": "ok"}


def test_readiness_names_every_part(stranger):
    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "sender": "ok",
            "supervisor": "ok",
            "accounts": {"17841400000000001": "ok"},
            "warnings": [],
        },
    )


def test_one_broken_part_makes_it_not_ready(stranger, house):
    house.health = Health(accounts={"1": "ok", "2": "the access token is dead"})

    answer = stranger.get("/readyz")

    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (503, "not ready")
    assert told["accounts"] == {"1": "ok", "2": "the access token is dead"}


def test_parts_that_do_not_answer_make_it_not_ready(stranger, house):
    del house.health

    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.get_json()["supervisor"]) == (503, "it does not answer")


def test_metrics_count_without_naming_anybody(stranger, metrics):
    an_item(a_reply(a_conversation()))
    stranger.post("/api/instagram/webhook", data=b"{}")
    metrics.messages_ended(Outcome.ANSWERED, 2)
    metrics.reply_sent(timedelta(seconds=6))
    metrics.delivery_ended("delivered", timedelta(seconds=0.2))

    answer = stranger.get("/metrics")

    lines = answer.text.splitlines()
    assert answer.mimetype == "text/plain"
    assert {
        'moca_webhooks_total{answer="403"} 1.0',
        'moca_messages_total{outcome="answered"} 2.0',
        'moca_messages_total{outcome="failed"} 0.0',
        'moca_queue_items{status="pending"} 1.0',
        'moca_queue_items{status="unknown"} 0.0',
        'moca_reply_seconds_bucket{le="7.5"} 1.0',
        'moca_send_call_seconds_count{result="delivered"} 1.0',
    } <= set(lines)
    assert "700" not in answer.text


def test_stats_tell_how_things_stand(client):
    conversation = a_conversation()
    an_answered_question(conversation)
    a_question(conversation, "m2")
    a_question(conversation, "m3", outcome="duplicate", processed=True)

    assert client.get("/api/stats").get_json() == {
        "queue": {
            "pending": 0,
            "sending": 0,
            "sent": 1,
            "failed": 0,
            "unknown": 0,
            "cancelled": 0,
        },
        "conversations": {"open": 1, "paused": 0, "human": 0, "standby": 0, "closed": 0},
        "latest": 3,
        "outcomes": {"answered": 1, "duplicate": 1, "suppressed": 0, "failed": 0},
        "open": 1,
        "replies": {"count": 1, "p50_seconds": 5.4, "p99_seconds": 5.4, "longest_seconds": 5.4},
        "delivery": [],
    }


def test_the_description_names_every_address_of_the_api(app, stranger):
    described = stranger.get("/openapi.json").get_json()

    served = {
        str(rule).replace("<mid:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/") and "webhook" not in str(rule)
    }
    assert set(described["paths"]) == served
    schemas = {
        operation["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
        for path in described["paths"].values()
        for operation in path.values()
    }
    assert schemas == {"#/components/schemas/ProblemShape"}
