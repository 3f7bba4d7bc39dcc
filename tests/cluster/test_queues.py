"""The nodes' requests to the broker, made to a real one."""

import ssl
from typing import Any

import pika
import pytest
import structlog

from moca.broker.connection import parameters_of
from moca.broker.parcel import Parcel, ParcelKind
from moca.broker.publisher import Publisher
from moca.broker.queues import Queues, parcel_of, publish
from tests.cluster.conftest import BROKER
from tests.process.service import eventually
from tests.support.values import present

pytestmark = pytest.mark.cluster

MORE_THAN_RABBITMQ_4_ALLOWS = 25


def test_a_parcel_may_be_given_back_more_often_than_a_broker_allows_by_itself(
    own_name: str,
) -> None:
    queues = Queues(own_name, ("p0",))
    with pika.BlockingConnection(pika.URLParameters(BROKER)) as connection:
        channel = connection.channel()
        queues.declare(channel)
        channel.confirm_delivery()
        publish(channel, queues, "p0", Parcel(ParcelKind.WEBHOOK, b"{}", signature="sha256=00"))
        deliveries = channel.consume(queues.name("p0"), inactivity_timeout=10)
        for _ in range(MORE_THAN_RABBITMQ_4_ALLOWS):
            method, properties, body = next(deliveries)
            parcel = parcel_of(present(properties), present(body))
            assert (parcel.body, parcel.signature) == (b"{}", "sha256=00")
            channel.basic_reject(present(present(method).delivery_tag), requeue=True)
        channel.cancel()


def test_a_broker_that_refuses_is_told_of_in_its_own_words(own_name: str) -> None:
    queues = Queues(own_name, ("p0",))
    with (
        pika.BlockingConnection(pika.URLParameters(BROKER)) as connection,
        structlog.testing.capture_logs() as logs,
    ):
        connection.channel().queue_declare(queues.name("p0"), durable=True)
        publisher = Publisher(parameters_of(BROKER), queues)
        publisher.start()
        try:
            eventually(lambda: any(line["event"] == "broker_refused" for line in logs))
        finally:
            publisher.stop()
    [refused, *_] = [line for line in logs if line["event"] == "broker_refused"]
    assert "inequivalent arg" in refused["because"]
    assert refused["log_level"] == "error"


def test_a_broker_with_tls_must_show_a_certificate_for_its_name() -> None:
    parameters = parameters_of("amqps://moca:x@rabbit.example:5671/%2F")
    context = present(parameters.ssl_options).context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_queues_are_durable_and_drop_nothing_by_themselves() -> None:
    declared = []

    class Channel:
        def exchange_declare(self, *_arguments: str, **_named: bool) -> None:
            pass

        def queue_bind(self, *_arguments: str, **_named: str) -> None:
            pass

        def queue_declare(self, _name: str, *, durable: bool, arguments: dict[str, Any]) -> None:
            declared.append((durable, arguments))

    Queues("moca", ("p0",)).declare(Channel())
    kept = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}
    seat, set_aside = (True, kept | {"x-single-active-consumer": True}), (True, kept)
    assert declared == [seat, set_aside]
