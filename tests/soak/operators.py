"""Operators at work: they reply, take over, pause, close, assign, cancel, approve and edit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from threading import Event
from typing import Any

import requests

from tests.process.service import ACCESS_TOKEN, ACCOUNT, BEARER
from tests.soak.contacts import Contacts
from tests.soak.judge import ApiAnswer, OperatorReply
from tests.soak.subject import Subject
from tests.support.direct_session import direct_session

_EVERY_SECONDS = 0.5
_TRIES, _BETWEEN_TRIES_SECONDS = 40, 0.5
_DRAFT = """[conversation]
debounce_seconds = 0.5
cooldown_seconds = 1
[replies]
mock_text = "This would be an AI generated message, in its version {number}"
"""
_BOT = "/api/bots/shop"


@dataclass(slots=True)
class Operators:
    """Acts on conversations of those who wrote last, each time with a key of its own."""

    subject: Subject
    contacts: Contacts
    draw: Random
    replies: dict[str, OperatorReply] = field(default_factory=dict)
    """By their text."""
    touched: set[str] = field(default_factory=set)
    is_over: Event = field(default_factory=Event)
    acts: int = 0

    def work(self) -> None:
        """Act until it is over."""
        acts = (
            *(self._reply, self._reply, self._reply, self._draft, self._cancel, self._cancel),
            *(self._close, self._pause, self._note, self._save_reply, self._publish_bot),
        )
        with direct_session() as session:
            session.headers.update(BEARER)
            while not self.is_over.wait(_EVERY_SECONDS):
                self.acts += 1
                self.draw.choice(acts)(session)

    def _reply(self, session: requests.Session) -> None:
        psid, path = self._any_conversation(session)
        if path:
            hold = self.draw.random() < 0.5
            if hold:
                self.touched.add(psid)
            self._send(session, psid, path, {"hold": hold})

    def _draft(self, session: requests.Session) -> None:
        psid, path = self._any_conversation(session)
        if not path:
            return
        self.touched.add(psid)
        text = self._send(session, psid, path, {"draft": True}, is_cancelled=True)
        for item in self._get(session, "/api/queue?status=held&limit=20").get("items", ()):
            if item["text"] == text:
                self.replies[text] = replace(self.replies[text], is_cancelled=False)
                answer, _ = self._post(session, f"/api/queue/{item['id']}/approve", {})
                if answer is not ApiAnswer.ACCEPTED:
                    self.replies[text] = replace(self.replies[text], answer=answer)

    def _cancel(self, session: requests.Session) -> None:
        items = self._get(session, "/api/queue?status=pending&limit=10").get("items", ())
        if not items:
            return
        item = self.draw.choice(items)
        if (reply := self.replies.get(item["text"])) is not None:
            self.replies[item["text"]] = replace(reply, is_cancelled=True)
        else:
            self.touched.add(item["contact"]["psid"])
        self._post(session, f"/api/queue/{item['id']}/cancel", {})

    def _close(self, session: requests.Session) -> None:
        psid, path = self._any_conversation(session)
        if path:
            self.touched.add(psid)
            self._post(session, f"{path}/close", {})

    def _pause(self, session: requests.Session) -> None:
        psid, path = self._any_conversation(session)
        if path:
            self.touched.add(psid)
            self._post(session, f"{path}/pause", {"minutes": 1})

    def _note(self, session: requests.Session) -> None:
        _, path = self._any_conversation(session)
        if path:
            self._post(session, f"{path}/notes", {"text": f"Note {self.acts}"})

    def _save_reply(self, session: requests.Session) -> None:
        self._post(
            session, "/api/saved-replies", {"name": f"Saved {self.acts}", "text": "We open at ten."}
        )

    def _publish_bot(self, session: requests.Session) -> None:
        draft = self._get(session, f"{_BOT}/draft")
        body = {"document": _DRAFT.format(number=self.acts), "revision": draft.get("revision", 0)}
        self._request(session, "PUT", f"{_BOT}/draft", body)
        self._post(session, f"{_BOT}/publish", {})
        account = {"account_id": ACCOUNT, "access_token": ACCESS_TOKEN}
        self._post(session, "/api/accounts", account)
        self._request(session, "PATCH", f"/api/accounts/{ACCOUNT}", {"bot": "shop"})

    def _any_conversation(self, session: requests.Session) -> tuple[str, str]:
        recent = self.contacts.recent()
        psid = self.draw.choice(recent) if recent else ""
        found = self._get(session, f"/api/conversations?psid={psid}").get("items", ())
        return psid, f"/api/conversations/{found[0]['id']}" if found else ""

    def _send(
        self,
        session: requests.Session,
        psid: str,
        path: str,
        more: Mapping[str, object],
        *,
        is_cancelled: bool = False,
    ) -> str:
        text = f"Operator's answer {self.acts}"
        asked = OperatorReply(psid, text, ApiAnswer.UNCLEAR, datetime.now(UTC), is_cancelled)
        self.replies[text] = asked
        answer, _ = self._post(session, f"{path}/messages", {"text": text, **more})
        self.replies[text] = replace(asked, answer=answer)
        return text

    def _get(self, session: requests.Session, path: str) -> dict[str, Any]:
        _, body = self._request(session, "GET", path, None)
        return body

    def _post(
        self, session: requests.Session, path: str, body: object
    ) -> tuple[ApiAnswer, dict[str, Any]]:
        return self._request(session, "POST", path, body)

    def _request(
        self, session: requests.Session, method: str, path: str, body: object
    ) -> tuple[ApiAnswer, dict[str, Any]]:
        key = {"Idempotency-Key": f"act-{self.acts}-{path}"[:255]}
        restores = len(self.subject.restores)
        for _ in range(_TRIES):
            try:
                answer = session.request(
                    method, self.subject.service.url + path, json=body, headers=key, timeout=15
                )
            except requests.RequestException:
                answer = None
            if answer is not None and not _is_to_be_repeated(answer):
                return self._judged(method, path, answer)
            if self.is_over.wait(_BETWEEN_TRIES_SECONDS) or len(self.subject.restores) != restores:
                break  # After a restore, the key is gone too.
        return ApiAnswer.UNCLEAR, {}

    def _judged(
        self, method: str, path: str, answer: requests.Response
    ) -> tuple[ApiAnswer, dict[str, Any]]:
        if answer.ok:
            return ApiAnswer.ACCEPTED, answer.json()
        if answer.status_code >= 500:
            self.subject.blame(f"{method} {path}: {answer.status_code}")
            return ApiAnswer.UNCLEAR, {}
        return ApiAnswer.REFUSED, {}


def _is_to_be_repeated(answer: requests.Response) -> bool:
    return answer.status_code == 503 or "still in progress" in answer.text
