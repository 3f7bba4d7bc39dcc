import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from selectors import SelectorKey
from typing import Any, TypeVar

Done = TypeVar("Done")

_THREADS_TAKE_SECONDS = 5
"""How long a thread is waited for, in real time; one may wait for the loop's own time."""


class _VirtualWait(selectors.DefaultSelector):
    """Waits for no timer: it advances the time to it instead, once no thread is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.threads_at_work = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None:
            return super().select()
        if timeout > 0 and self.threads_at_work:
            events = super().select(_THREADS_TAKE_SECONDS)
            if events:
                return events
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time advances only when nothing else is left to do, and then at once."""

    def __init__(self) -> None:
        self._wait = _VirtualWait()
        super().__init__(self._wait)

    def time(self) -> float:
        return self._wait.now

    def run_in_executor(  # type: ignore[override]  # asyncio types each argument apart
        self, executor: Executor | None, func: Callable[..., Done], *args: Any
    ) -> asyncio.Future[Done]:
        future = super().run_in_executor(executor, func, *args)
        self._wait.threads_at_work += 1
        future.add_done_callback(self._one_is_done)
        return future

    def _one_is_done(self, _future: asyncio.Future[Any]) -> None:
        self._wait.threads_at_work -= 1


def run(coroutine: Coroutine[Any, Any, Done]) -> Done:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        found: Done = runner.run(coroutine)
        return found
