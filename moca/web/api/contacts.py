from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.core.types import ContactKey
from moca.storage.queries.contacts import export_contact, find_contact, list_contacts
from moca.storage.queries.records import ContactRecord
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.auth.security_events import SecurityEvent
from moca.web.commands import record_audit
from moca.web.config import WebConfig, WebPorts
from moca.web.erasure import erase_contact
from moca.web.errors import Problem
from moca.web.pagination import read_cursor, write_cursor
from moca.web.schemas.requests import ContactPath, ContactQuery, ListQuery
from moca.web.schemas.responses import (
    ContactShape,
    ContactsShape,
    ErasedShape,
    ExportShape,
    ProblemShape,
)


def contact_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for contacts and their erasure."""
    routes = api_routes("contacts", access)
    routes.before_request(access.require_administrator_to_change)

    @routes.get(
        "/contacts",
        summary="List contacts, the most recently active first",
        responses={200: ContactsShape},
    )
    def contacts(query: ListQuery) -> Response:
        after = read_cursor(query.cursor, parts=2)
        with ports.database.connection_context():
            page = list_contacts(limit=query.limit, after=after, scope=current_scope())
        listed = {"items": page.items, "next_cursor": write_cursor(page.next_key)}
        return answer(ContactsShape.model_validate(listed))

    @routes.get(
        "/contacts/<psid>",
        summary="Retrieve a contact",
        responses={200: ContactShape, 404: ProblemShape},
    )
    def contact(path: ContactPath, query: ContactQuery) -> Response:
        return answer(ContactShape.model_validate(_find(ports, path, query)))

    @routes.get(
        "/contacts/<psid>/export",
        summary="Export everything stored about a contact",
        responses={200: ExportShape, 404: ProblemShape},
    )
    def export(path: ContactPath, query: ContactQuery) -> Response:
        found = _find(ports, path, query)
        with ports.database.connection_context():
            kept = export_contact(ContactKey(found.account_id, found.psid))
        if kept is None:
            raise Problem(404, "No contact with this ID.")
        record_audit("exported a contact", f"contact {found.id}", ports, config)
        access.events.note(SecurityEvent.EXPORTED)
        exported = answer(ExportShape.model_validate(kept))
        exported.headers["Content-Disposition"] = "attachment; filename=contact.json"
        return exported

    @routes.delete(
        "/contacts/<psid>",
        summary="Erase a contact and all of its data",
        responses={200: ErasedShape, 202: ErasedShape, 404: ProblemShape},
    )
    def erase(path: ContactPath, query: ContactQuery) -> Response:
        found = _find(ports, path, query)
        contact = ContactKey(found.account_id, found.psid)
        erasure = erase_contact(contact, ports, config)
        shape = ErasedShape(
            account_id=found.account_id,
            psid=found.psid,
            erased=erasure.is_complete,
            confirmation_code=erasure.code,
        )
        return answer(shape, 200 if erasure.is_complete else 202)

    return routes


def _find(ports: WebPorts, path: ContactPath, query: ContactQuery) -> ContactRecord:
    with ports.database.connection_context():
        found = find_contact(path.psid, query.account_id, scope=current_scope())
    if found is None:
        raise Problem(404, "No contact with this ID.")
    return found
