"""How Moca reports that it cannot send, and what keeps working."""

import requests

from tests.process.kill_traffic import webhook_status
from tests.process.service import ACCOUNT, Service, eventually
from tests.process.test_doctor import ask

METRICS = f'moca_account_usable{{account_id="{ACCOUNT}"}}'


def test_a_dead_token_of_the_settings_is_told_and_webhooks_go_on(moca: Service) -> None:
    def usable() -> str:
        lines = requests.get(f"{moca.url}/metrics", timeout=10).text.splitlines()
        return next(line.split()[1] for line in lines if line.startswith(METRICS))

    def is_told() -> bool:
        return usable() == "0.0"

    assert usable() == "1.0"
    ask(moca, "PUT", "/sandbox/troubles", {"troubles": ["token"]})
    assert webhook_status(moca.url, "7") == 200
    eventually(is_told)

    ready = requests.get(f"{moca.url}/readyz", timeout=10)
    said = ["replies cannot be sent for 1 account; see /statusz"]
    assert (ready.status_code, ready.json()["warnings"]) == (200, said)
    assert moca.get("/statusz")["accounts"][ACCOUNT] != "ok"
    assert webhook_status(moca.url, "8") == 200


def test_strangers_from_elsewhere_read_neither_metrics_nor_status(standing: Service) -> None:
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    told = {
        path: requests.get(standing.url + path, headers=elsewhere, timeout=10).status_code
        for path in ("/metrics", "/statusz", "/readyz", "/healthz")
    }
    assert told == {"/metrics": 401, "/statusz": 401, "/readyz": 200, "/healthz": 200}
