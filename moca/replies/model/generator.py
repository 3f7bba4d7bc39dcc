import threading
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.replies.budget import Budget
from moca.replies.circuit import CircuitBreaker
from moca.replies.generator import GeneratedReply, GenerationError, HandOver, NoReply, ReplyRequest
from moca.replies.model.completion import Completion, ModelClient, ModelFault
from moca.replies.model.options import ModelOptions
from moca.replies.model.prompt import question_of, split_topic
from moca.replies.model.truncation import within_bytes


class ModelGenerator:
    """Replies by a language model, within its budget, and not while its server is down."""

    is_ai = True

    def __init__(self, options: ModelOptions, client: ModelClient, budget: Budget) -> None:
        self._options = options
        self._client = client
        self._budget = budget
        self._lock = threading.Lock()
        self._circuit = CircuitBreaker(
            max_failures=options.circuit_failures, rest=options.circuit_rest
        )

    @property
    def needs_history(self) -> int:
        """Return how many earlier messages the model is shown."""
        return self._options.history

    def reply(self, request: ReplyRequest) -> GeneratedReply | HandOver | NoReply:
        """Call the model; return `NoReply` if the budget is spent.

        Raises:
            GenerationError: If the circuit is open or there is no usable answer.
        """
        self._require_closed(request.now)
        question = question_of(request, self._options)
        for retries_left in reversed(range(self._options.retries + 1)):
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

    def _answer(self, completion: Completion) -> GeneratedReply | HandOver:
        limit = self._options.max_bytes
        topic, own_text = split_topic(completion.text, self._options.topics)
        text = within_bytes(own_text.strip(), limit, is_cut=completion.is_cut)
        if completion.wants_person is not None:
            because = f"the model asks for a person: {completion.wants_person}"
            return HandOver(because, Content(text=text) if text else None)
        if completion.is_refusal:
            raise GenerationError("the model refused to answer")
        if not text:
            raise GenerationError("the model's answer was empty")
        return GeneratedReply(Content(text=text), self._options.model, topic=topic)

    def _require_closed(self, now: datetime) -> None:
        with self._lock:
            if self._circuit.is_open(now):
                until = f"{self._circuit.open_until:%H:%M:%S} UTC"
                raise GenerationError(f"the model server failed too often; paused until {until}")
            self._circuit = self._circuit.called(now)

    def _note_success(self) -> None:
        with self._lock:
            self._circuit = self._circuit.succeeded()

    def _note_failure(self, now: datetime, rest: timedelta | None) -> None:
        with self._lock:
            self._circuit = self._circuit.failed(now, rest)
