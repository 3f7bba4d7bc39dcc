from flask import Blueprint, render_template

from moca.core.types import ContactKey
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.records import ContactRecord
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig, WebPorts
from moca.web.erasure import erase_contact
from moca.web.errors import Problem
from moca.web.presenters.contact_view import from_meta, initials, profile_url


def contact_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the pages on which an administrator erases a contact."""
    routes = Blueprint("contact", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)
    for each in (from_meta, initials, profile_url):
        routes.add_app_template_filter(each)

    @routes.get("/contacts/<account_id>/<psid>/erase")
    def confirm(account_id: str, psid: str) -> str:
        return render_template("contact_erase.html", at="inbox", contact=_found(account_id, psid))

    @routes.post("/contacts/<account_id>/<psid>/erase")
    def erase(account_id: str, psid: str) -> str:
        found = _found(account_id, psid)
        erasure = erase_contact(ContactKey(found.account_id, found.psid), ports, config)
        return render_template("contact_erased.html", at="inbox", erasure=erasure)

    def _found(account_id: str, psid: str) -> ContactRecord:
        with ports.database.connection_context():
            found = find_contact(psid, account_id)
        if found is None:
            raise Problem(404, "No contact with this ID.")
        return found

    return routes
