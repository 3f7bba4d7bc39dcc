import threading
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.replies.budget import Budget
from moca.replies.circuit import Circuit
from moca.replies.generator import GenerationError, HandOver, NoReply, ReplyRequest, Say
from moca.replies.model.completion import Completion, ModelClient, ModelFault
from moca.replies.model.options import ModelFigures
from moca.replies.model.prompt import question_of
from moca.replies.model.truncation import within_bytes


class ModelGenerator:
    """Has a language model answer; within its budget, and not while its server is down."""

    def __init__(self, figures: ModelFigures, client: ModelClient, budget: Budget) -> None:
        self._figures = figures
        self._client = client
        self._budget = budget
        self._lock = threading.Lock()
        self._circuit = Circuit(most_failures=figures.circuit_failures, rest=figures.circuit_rest)

    @property
    def needs_history(self) -> int:
        """How much of the conversation the model is shown."""
        return self._figures.history

    def reply(self, request: ReplyRequest) -> Say | HandOver | NoReply:
        """Ask the model; `NoReply` where the budget is spent.

        Raises:
            GenerationError: the circuit is open, or no answer can be used.
        """
        self._require_closed(request.now)
        question = question_of(request, self._figures)
        for retries_left in reversed(range(self._figures.retries + 1)):
            if refused := self._budget.take(request.contact, request.now):
                return NoReply(refused)
            try:
                completion = self._client.complete(question)
            except ModelFault as fault:
                if not (fault.again and retries_left):
                    self._note_failure(request.now, fault.rest)
                    raise
            else:
                self._note_success()
                return self._answer(completion)
        raise AssertionError("a model is asked at least once")

    def _answer(self, completion: Completion) -> Say | HandOver:
        limit = self._figures.max_bytes
        text = within_bytes(completion.text.strip(), limit, is_cut=completion.is_cut)
        if completion.wants_person is not None:
            because = f"the model asks for a person: {completion.wants_person}"
            return HandOver(because, Content(text=text) if text else None)
        if completion.is_refusal:
            raise GenerationError("the model refused to answer")
        if not text:
            raise GenerationError("the model's answer was empty")
        return Say(Content(text=text), self._figures.model)

    def _require_closed(self, now: datetime) -> None:
        with self._lock:
            if self._circuit.is_open(now):
                until = f"{self._circuit.open_until:%H:%M:%S} UTC"
                raise GenerationError(
                    f"the model's server failed too often; left alone until {until}"
                )
            self._circuit = self._circuit.called(now)

    def _note_success(self) -> None:
        with self._lock:
            self._circuit = self._circuit.succeeded()

    def _note_failure(self, now: datetime, rest: timedelta | None) -> None:
        with self._lock:
            self._circuit = self._circuit.failed(now, rest)
