"""The monitor's pages: what was done, who looked, and how it is proved."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from frontend.parts import Link
from portal.audit import parts
from portal.audit.access import get_act_for, list_acts_for, list_events, list_reads_for, name_actors
from portal.audit.chain import check_chain, find_standing
from portal.audit.export import export_bundle
from portal.audit.forms import ActFilterForm
from portal.audit.words import CLOSED_WRITES, TELLING_ZONES, ZONES, say_action
from portal.proof import ledger
from portal.roles.http import Request
from portal.roles.policy import may, require

PER_PAGE = 50


@require_GET
def audit(request: Request) -> HttpResponse:
    """Show what was done, the newest first."""
    acts = list_acts_for(request.actor)
    chosen = ActFilterForm(request.GET)
    page = Paginator(chosen.narrow(acts), PER_PAGE).get_page(request.GET.get("page"))
    context = {"filter": chosen, "page": page, "table": parts.make_acts_table(page)}
    return render(request, "portal/audit/audit.html", context)


@require_GET
def act(request: Request, pk: UUID) -> HttpResponse:
    """Show one act with the rows it touched."""
    found = get_act_for(request.actor, pk)
    names = name_actors({found.actor, found.subject})
    events = list_events(found)
    context = {
        "act": found,
        "who": names[found.actor],
        "what": say_action(found.action),
        "subject": names[found.subject],
        "tables": parts.make_event_tables(events),
        "is_simulated": any((one.after or one.before or {}).get("origin") == "simulated" for one in events),
        "closed": [ZONES[zone] for zone in CLOSED_WRITES.get(found.action, ())],
        "crumbs": [Link("Audit", reverse("audit")), Link("One act")],
    }
    return render(request, "portal/audit/act.html", context)


@require_GET
def reads(request: Request) -> HttpResponse:
    """Show who looked at closed things."""
    page = Paginator(list_reads_for(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    crumbs = [Link("Audit", reverse("audit")), Link("Looks")]
    context = {"page": page, "table": parts.make_reads_table(page), "crumbs": crumbs}
    return render(request, "portal/audit/reads.html", context)


@require_GET
def proof(request: Request) -> HttpResponse:
    """Show the ledger's head and how far it is sealed; with `?check=1` also whether the chain holds."""
    require(request.actor, "audit.view")
    standing = find_standing()
    hidden = frozenset() if may(request.actor, "outcome.view") else TELLING_ZONES
    head = standing.head
    anchor = ledger.write_anchor(ledger.Anchor(head.seq, head.hash)).decode().strip() if head else ""
    context = {
        "standing": standing,
        "anchor": anchor,
        "zones": [(ZONES[zone], n) for zone, n in standing.n_sealed.items() if zone not in hidden],
        "report": check_chain() if "check" in request.GET else None,
        "may_export": may(request.actor, "audit.export"),
        "crumbs": [Link("Audit", reverse("audit")), Link("Proof")],
    }
    return render(request, "portal/audit/proof.html", context)


@require_POST
def take_bundle(request: Request) -> FileResponse:
    """Hand out the ledger and its commitments, for a check without the portal."""
    name, stream = export_bundle(request.actor)
    return FileResponse(stream, as_attachment=True, filename=name, content_type="application/zip")
