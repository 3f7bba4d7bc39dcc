from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.messages.operators import AddNote, RemoveNote
from moca.storage.queries.conversation_page import NoteRecord, find_note, notes_of
from moca.web.api.conversations import find_conversation
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import author_id, current_user
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.notes import NoteBody, NotePath, NoteRemovedShape, NoteShape, NotesShape
from moca.web.schemas.requests import ConversationPath
from moca.web.schemas.responses import ProblemShape


def note_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for notes on conversations."""
    routes = api_routes("notes_api", access)

    @routes.get(
        "/conversations/<conversation_id>/notes",
        summary="List the latest notes on a conversation",
        responses={200: NotesShape, 404: ProblemShape},
    )
    def notes(path: ConversationPath) -> Response:
        found = find_conversation(ports, path)
        with ports.database.connection_context():
            listed = notes_of(found.id)
        return answer(NotesShape.model_validate({"items": listed}))

    @routes.post(
        "/conversations/<conversation_id>/notes",
        summary="Add a note, which may mention users",
        responses={201: NoteShape, 404: ProblemShape},
    )
    def add(path: ConversationPath, body: NoteBody) -> Response:
        found, known = find_conversation(ports, path), current_user()
        author = known.name if known else ""
        added = AddNote(found.id, author, body.text, clock.now(), author_id())
        done = carry_out(added, ports, config)
        return answer(NoteShape.model_validate(_found(found.id, done.id or 0)), 201)

    @routes.delete(
        "/conversations/<conversation_id>/notes/<note_id>",
        summary="Remove a note",
        responses={200: NoteRemovedShape, 404: ProblemShape},
    )
    def remove(path: NotePath) -> Response:
        note = _found(row_id_of(path.conversation_id), row_id_of(path.note_id))
        carry_out(RemoveNote(note.id), ports, config)
        return answer(NoteRemovedShape(id=str(note.id), removed=True))

    def _found(conversation_id: int, note_id: int) -> NoteRecord:
        with ports.database.connection_context():
            note = find_note(conversation_id, note_id)
        if note is None:
            raise Problem(404, "No note with this ID in this conversation.")
        return note

    return routes
