"""A fake server of a language model for both APIs, on loopback."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Self

KEY = "sk-very-secret"


def chat(
    text: str | None = None,
    *,
    reason: str | None = None,
    refusal: str | None = None,
    finish: str = "stop",
) -> dict[str, Any]:
    """A chat completion; with `reason` the tool hand_over is called."""
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
    if reason is not None:
        function = {"name": "hand_over", "arguments": reason}
        message["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def message(
    text: str | None = None, *, reason: dict[str, Any] | None = None, finish: str = "end_turn"
) -> dict[str, Any]:
    """A message of Anthropic's; with `reason` the tool hand_over is used."""
    content: list[dict[str, Any]] = [] if text is None else [{"type": "text", "text": text}]
    if reason is not None:
        content.append({"type": "tool_use", "id": "t1", "name": "hand_over", "input": reason})
    return {
        "id": "1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": finish,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


class ModelServer:
    """Answers as scripted, once per call, and records the requests."""

    def __init__(self) -> None:
        self.answers: deque[tuple[bytes | dict[str, Any], int, dict[str, str]] | None] = deque()
        self.asked: list[tuple[str, Any]] = []
        self.keys: list[str | None] = []
        self.hold = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def will(
        self,
        body: bytes | dict[str, Any],
        status: int = 200,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.answers.append((body, status, dict(headers)))

    def will_hang(self) -> None:
        self.answers.append(None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append((self.path, json.loads(body)))
            server.keys.append(self.headers.get("X-Api-Key") or self.headers["Authorization"])
            laid_out = server.answers.popleft()
            if laid_out is None:
                server.hold.wait(30)
                return
            self._answer(*laid_out)

        def _answer(
            self, body: bytes | dict[str, Any], status: int, headers: dict[str, str]
        ) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            headers = {"Content-Type": "application/json", **headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: str) -> None:
            pass

    return Handler
