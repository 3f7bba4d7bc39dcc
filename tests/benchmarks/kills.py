import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.support.figures import Figure
from tests.process.instagram import InstagramProcess
from tests.process.kill_traffic import TrafficOutcome, onslaught
from tests.process.service import ACCESS_TOKEN, ACCOUNT, APP_SECRET, BRISK, Service

KILLS = 20
LONGEST_RUN_SECONDS = 3.0
OURS = {
    "instagram.app_secret": APP_SECRET,
    "instagram.access_token": ACCESS_TOKEN,
    "instagram.account_id": ACCOUNT,
    "sender.per_second": 30,
}


def figures() -> Iterator[Figure]:
    """Kill the service at random moments while messages arrive, and report the outcome."""
    seed = random.randrange(10_000)
    outcome = _outcome(seed)
    others = len(set(outcome.replies) - outcome.acknowledged)
    yield Figure(f"kill -9 at random moments, seed {seed}", str(outcome.kills))
    yield Figure("messages answered 200", str(len(outcome.acknowledged)))
    yield Figure("of these lost", str(len(outcome.lost)))
    yield Figure("answered twice", str(len(outcome.twice)))
    yield Figure("replies to nobody's message", str(others))


def _outcome(seed: int) -> TrafficOutcome:
    with tempfile.TemporaryDirectory() as name:
        service = Service(Path(name), BRISK | OURS)
        stand_in = InstagramProcess(Path(name), f"{service.url}/api/instagram/webhook")
        try:
            service.settings["instagram.graph_url"] = stand_in.ready().url
            found: TrafficOutcome = onslaught(
                service, stand_in, kills=KILLS, seed=seed, longest_run=LONGEST_RUN_SECONDS
            )
            return found
        finally:
            service.close()
            stand_in.close()
