import threading
from collections.abc import Callable
from typing import Any

import pika
import structlog
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.connection import Connection
from pika.exceptions import ChannelClosedByBroker

_FIRST_PAUSE_SECONDS = 0.25
_MAX_PAUSE_SECONDS = 5.0
_HEARTBEAT_SECONDS = 1
"""The broker gives up a connection after two to three times as long."""
_MAX_SILENCE_SECONDS = 5.0


log = structlog.stdlib.get_logger()


def parameters_of(url: str) -> pika.URLParameters:
    """Parse a broker's URL, and bound every wait for it.

    Raises:
        ValueError: If it is not the URL of a broker.
    """
    if not url.startswith(("amqp://", "amqps://")):
        raise ValueError("a broker URL looks like amqp://user:password@host:5672/vhost")
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_SECONDS
    parameters.blocked_connection_timeout = _MAX_SILENCE_SECONDS
    parameters.socket_timeout = _MAX_SILENCE_SECONDS
    parameters.stack_timeout = _MAX_SILENCE_SECONDS
    return parameters


class BrokerConnection:
    """One connection and channel to the broker, on its own thread.

    A lost connection is reopened with growing pauses while it is wanted. `on_open`, `on_lost` and
    the callables passed to `call` run on that thread, in turn.
    """

    def __init__(
        self,
        name: str,
        parameters: pika.URLParameters,
        on_open: Callable[[Channel], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._name = name
        self._parameters = parameters
        self._on_open = on_open
        self._on_lost = on_lost
        self._lock = threading.Lock()
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._is_wanted = threading.Event()
        self._is_wanted.set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"broker-{name}", daemon=True)

    def start(self) -> None:
        """Begin to connect. Call it once."""
        self._thread.start()

    def call(self, do: Callable[[Channel], None]) -> bool:
        """Run a callable with the channel; return False if there is none. Thread-safe."""
        with self._lock:
            connection, channel = self._connection, self._channel
            if connection is None or channel is None:
                return False
            connection.ioloop.add_callback_threadsafe(lambda: self._do(do, channel))
        return True

    def drop(self) -> None:
        """Close the connection and open no other until `want`. Thread-safe."""
        self._is_wanted.clear()
        self._close()

    def want(self) -> None:
        """Connect again. Thread-safe."""
        self._is_wanted.set()

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._ending.set()
        self._is_wanted.set()
        self._close()
        self._thread.join(_MAX_SILENCE_SECONDS)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._ending.is_set():
            self._is_wanted.wait()
            if self._ending.is_set():
                return
            was_open = self._live_once()
            pause = _FIRST_PAUSE_SECONDS if was_open else min(2 * pause, _MAX_PAUSE_SECONDS)
            self._ending.wait(pause)

    def _live_once(self) -> bool:
        opened = threading.Event()

        def on_channel(channel: Channel) -> None:
            opened.set()
            channel.add_on_close_callback(on_closed)
            with self._lock:
                self._channel = channel
            self._on_open(channel)

        def on_closed(_channel: Channel, reason: BaseException) -> None:
            if isinstance(reason, ChannelClosedByBroker):
                log.error("broker_refused", link=self._name, because=reason.reply_text)
            _close_quietly(connection)

        def on_connection(opened: Connection) -> None:
            opened.channel(on_open_callback=on_channel)

        connection = SelectConnection(
            self._parameters,
            on_open_callback=on_connection,
            on_open_error_callback=self._end,
            on_close_callback=self._end,
        )
        with self._lock:
            self._connection = connection
        if self._ending.is_set() or not self._is_wanted.is_set():
            self._close()
        try:
            connection.ioloop.start()
        finally:
            with self._lock:
                self._connection = self._channel = None
            connection.ioloop.close()
            if opened.is_set():
                self._on_lost()
        return opened.is_set()

    def _end(self, connection: Any, error: BaseException | str) -> None:
        if not self._ending.is_set() and self._is_wanted.is_set():
            log.warning("broker_lost", link=self._name, error=type(error).__name__)
        connection.ioloop.stop()

    def _close(self) -> None:
        with self._lock:
            connection = self._connection
            if connection is not None:
                connection.ioloop.add_callback_threadsafe(lambda: _close_quietly(connection))

    def _do(self, do: Callable[[Channel], None], channel: Channel) -> None:
        if channel.is_open and channel is self._channel:
            do(channel)


def _close_quietly(connection: Connection) -> None:
    if not (connection.is_closing or connection.is_closed):
        connection.close()
