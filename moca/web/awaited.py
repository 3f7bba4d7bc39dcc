import asyncio
from collections import deque
from typing import Any

from moca.core.messages.receipt import Receipt


class Awaited:
    """Lets coroutines wait for receipts that another thread answers; many wake the loop once."""

    def __init__(self) -> None:
        self._answered: deque[asyncio.Future[None]] = deque()
        self._is_waking = False

    async def answer(self, receipt: Receipt, timeout_seconds: float) -> Any:
        """Wait for a receipt's answer, which is left as it is if it does not come in time.

        Raises:
            TimeoutError: it did not come in time.
            Exception: what the receipt holds instead.
        """
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        receipt.add_done_callback(lambda _receipt: self._hand_over(waiter))
        end = loop.call_later(timeout_seconds, _wake, waiter)
        try:
            await waiter
        finally:
            end.cancel()
        return receipt.result(timeout=0)

    def _hand_over(self, waiter: asyncio.Future[None]) -> None:
        loop = waiter.get_loop()
        self._answered.append(waiter)
        if not self._is_waking and not loop.is_closed():
            self._is_waking = True
            loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        # First, so that whoever comes after the last one is taken has the loop woken again.
        self._is_waking = False
        while self._answered:
            _wake(self._answered.popleft())


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
