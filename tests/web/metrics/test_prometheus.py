"""The example alerts and the dashboard only use existing metrics."""

import json
import re
from datetime import timedelta
from pathlib import Path
from platform import python_version

import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.storage.db.metric_tables import Freeze
from moca.storage.db.tables import Webhook
from moca.web.config import ProcessStatus
from moca.web.metrics.prometheus import Metrics
from tests.web.rows import AT, a_contact, a_conversation

CONFIG = Path(__file__).parents[3] / "config"
NAMED = re.compile(r"\bmoca_[a-z_]+[a-z]\b")


def names_in(told: str) -> set[str]:
    """Return the metrics that a text uses."""
    return set(NAMED.findall(told))


@pytest.fixture
def exposed(stranger: FlaskClient, metrics: Metrics) -> set[str]:
    """Every metric, by the name under which Prometheus stores it."""
    metrics.webhook_answered(200, 0.004)
    metrics.delivery_ended("delivered", timedelta(seconds=1), "")
    metrics.messages_missed(1)
    Webhook.create(received_at=AT, body=b"{}")
    lines = stranger.get("/metrics").get_data(as_text=True).splitlines()
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    return typed | {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_every_figure_that_is_asked_for_exists(exposed: set[str], name: str) -> None:
    asked = names_in((CONFIG / name).read_text())
    assert asked
    assert asked - exposed == set()


def test_the_board_is_readable_and_its_panels_have_numbers_of_their_own() -> None:
    board = json.loads((CONFIG / "grafana.json").read_text())
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers)) > 10


def test_the_figures_tell_how_everything_stands(stranger: FlaskClient, app: Flask) -> None:
    a_conversation(a_contact(last_seen_at=AT))
    Freeze.create(name="queue", since_at=AT)

    told = stranger.get("/metrics").get_data(as_text=True).splitlines()

    assert "moca_queue_frozen 1.0" in told
    assert 'moca_part_up{part="database"} 1.0' in told
    seen = f'{{account_id="17841400000000001"}} {AT.timestamp():.9e}'
    heard = [line for line in told if line.startswith("moca_account_last_event_timestamp_seconds{")]
    assert len(heard) == 1
    assert float(heard[0].split()[-1]) == AT.timestamp(), seen


def test_the_figures_name_the_version_and_what_the_process_uses(stranger: FlaskClient) -> None:
    told = stranger.get("/metrics").get_data(as_text=True)
    build = f'moca_build_info{{python="{python_version()}",version="1.2.3"}} 1.0'
    assert build in told.splitlines()
    assert "\nprocess_resident_memory_bytes " in told


def test_no_vitals_are_none() -> None:
    assert ProcessStatus() == ProcessStatus(waiting={}, live_conversations=None)
