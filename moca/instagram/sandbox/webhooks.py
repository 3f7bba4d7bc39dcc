import logging
import time
from heapq import heappop, heappush
from http import HTTPStatus
from threading import Condition, Thread

import requests

from moca.instagram.sandbox.account_problems import AccountProblem, AccountProblems
from moca.instagram.signature import sign

_RETRY_AFTER_SECONDS = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60)
_WAITING_AT_MOST = 100_000
_TIMEOUT_SECONDS = 10

_log = logging.getLogger(__name__)


class WebhookDelivery:
    """Posts signed webhooks to one URL, on its own thread, as Meta does.

    A webhook not answered with 200 is posted again at growing intervals for some three minutes,
    while others are delivered. A webhook that finds the queue full is lost, as are pending ones at
    `stop`.
    """

    def __init__(self, url: str, app_secret: str, troubles: AccountProblems | None = None) -> None:
        self._troubles = AccountProblems() if troubles is None else troubles
        self._url = url
        self._app_secret = app_secret
        self._session = requests.Session()
        self._session.trust_env = False
        self._changed = Condition()
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._stopping = False
        self._thread = Thread(target=self._run, name="sandbox-webhooks", daemon=True)

    def start(self) -> None:
        """Start posting."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current post, drop the rest, close the connections."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT_SECONDS * 2)
        self._session.close()

    def put(self, body: bytes) -> bool:
        """Queue a webhook without waiting; return False if the queue is full."""
        return self._put(body, attempts=0, delay_seconds=0)

    def _put(self, body: bytes, *, attempts: int, delay_seconds: float) -> bool:
        with self._changed:
            if self._stopping or len(self._waiting) >= _WAITING_AT_MOST:
                return False
            self._count += 1
            due = time.monotonic() + delay_seconds
            heappush(self._waiting, (due, self._count, attempts, body))
            self._changed.notify()
        return True

    def _run(self) -> None:
        while (due := self._take()) is not None:
            attempts, body = due
            if not self._post(body):
                self._put_again(body, attempts)

    def _take(self) -> tuple[int, bytes] | None:
        with self._changed:
            while not self._stopping:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    _, _, attempts, body = heappop(self._waiting)
                    return attempts, body
                self._changed.wait(wait)
        return None

    def _post(self, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": sign(body, self._secret()),
        }
        try:
            response = self._session.post(
                self._url,
                body,
                headers=headers,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
        return response.status_code == HTTPStatus.OK

    def _secret(self) -> str:
        return "another-secret" if self._troubles.has(AccountProblem.SECRET) else self._app_secret

    def _put_again(self, body: bytes, attempts: int) -> None:
        if attempts >= len(_RETRY_AFTER_SECONDS):
            _log.warning("A sandbox webhook was given up after %d attempts.", attempts + 1)
            return
        self._put(body, attempts=attempts + 1, delay_seconds=_RETRY_AFTER_SECONDS[attempts])
