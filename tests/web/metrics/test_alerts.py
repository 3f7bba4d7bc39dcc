"""Prometheus itself judges when the example alerts fire."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from flask.testing import FlaskClient

from tests.support.programs import installed

RULES = Path(__file__).parents[3] / "config" / "alerts.yml"
NAMES = [
    rule["alert"]
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
]
HOURS_9 = 540
DAYS_8 = 8 * 86_400


class Case(NamedTuple):
    """Values of a metric by the minute, in Prometheus's notation: `0+5x9` rises by 5 nine times."""

    metric: str
    firing: str
    silent: str
    minutes: int = 30


CASES = {
    "MocaIsDown": Case('up{job="moca"}', "0x30", "1x30"),
    "MocaPartNotWell": Case('moca_part_up{part="sender"}', "0x30", "1x30"),
    "MocaAccountCannotSend": Case('moca_account_usable{account_id="1"}', "0x30", "1x30"),
    "MocaTokenRunsOut": Case(
        'moca_account_token_expiry_timestamp_seconds{account_id="1"}',
        f"{DAYS_8 - 86_400}x240",
        f"{DAYS_8 * 2}x240",
        minutes=240,
    ),
    "MocaAccountQuiet": Case("moca_quiet_accounts", "1x30", "0x30"),
    "MocaParcelSetAside": Case("moca_parcels_set_aside_total", "0x5 1x25", "1x30"),
    "MocaWebhooksLost": Case("moca_messages_found_total", "0+1x30", "0x25 5x5"),
    "MocaAnswersWebhooksLate": Case("moca_webhook_seconds_bucket", "0+9x30", "9x30"),
    "MocaRefusesWebhooks": Case('moca_webhooks_total{answer="403"}', "0+60x30", "0+1x30"),
    "MocaRepliesLate": Case("moca_reply_seconds_bucket", "0+9x60", "9x60", minutes=60),
    "MocaRepliesDoNotArrive": Case(
        'moca_send_call_seconds_count{result="rejected"}', "0+60x30", "0+1x30"
    ),
    "MocaRepliesWaitForSomebody": Case('moca_queue_items{status="unknown"}', "1x60", "0x60", 60),
    "MocaFrozen": Case("moca_queue_frozen", "1x90", "0x90", minutes=90),
    "MocaHearsNothing": Case(
        "moca_last_webhook_timestamp_seconds", f"0x{HOURS_9}", f"0+60x{HOURS_9}", HOURS_9
    ),
    "MocaMissesWebhooks": Case("moca_missing_messages_total", "0+1x30", "0x25 3x5"),
    "MocaMailboxFills": Case('moca_mailbox_messages{part="persistence"}', "6000x30", "9x30"),
}


def series_of(metric: str) -> list[str]:
    """Return the names of a metric's series; whatever a histogram counts took nearly an hour."""
    if not metric.endswith("_bucket"):
        return [metric]
    return [f'{metric}{{le="{bound}"}}' for bound in ("3600", "+Inf")]


@pytest.fixture(scope="module")
def promtool() -> str:
    """Prometheus's own test tool; without it a test is skipped, in CI it fails."""
    return installed("promtool", "prometheus")


def firing(
    promtool: str, tmp_path: Path, series: list[dict[str, str]], minutes: int, names: list[str]
) -> list[str]:
    """Return which of these alerts fire after the given minutes of the given series."""
    expected = [
        {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
            "eval_time": f"{minutes}m",
            "exp_samples": [{"labels": "{}", "value": 0}],
        }
        for name in names
    ]
    file = tmp_path / "test.yml"
    told = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": expected}],
    }
    file.write_text(yaml.safe_dump(told))
    ended = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    fired = re.findall(r'alertname=\\"(\w+)\\"', ended.stdout + ended.stderr)
    assert bool(fired) == bool(ended.returncode), ended.stdout + ended.stderr
    return fired


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_when_it_should_and_stays_silent_otherwise(
    name: str, promtool: str, tmp_path: Path
) -> None:
    case = CASES[name]
    for values, expected in ((case.firing, [name]), (case.silent, [])):
        series = [{"series": each, "values": values} for each in series_of(case.metric)]
        assert firing(promtool, tmp_path, series, case.minutes, [name]) == expected


def test_no_alert_fires_on_a_new_installation(
    promtool: str, tmp_path: Path, stranger: FlaskClient
) -> None:
    lines = stranger.get("/metrics").get_data(as_text=True).splitlines()
    shown = [line.rsplit(" ", 1) for line in lines if line.startswith("moca_")]
    series = [{"series": name, "values": f"{value}x{HOURS_9}"} for name, value in shown]
    series.append({"series": 'up{job="moca"}', "values": f"1x{HOURS_9}"})
    assert firing(promtool, tmp_path, series, HOURS_9, NAMES) == []
