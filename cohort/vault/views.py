"""The custodian's own page: their key, and how to make a card."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cohort.vault import demo
from cohort.vault.access import find_own_key, list_custody_keys
from cohort.vault.card import fingerprint_of
from cohort.vault.forms import CustodyKeyForm
from cohort.vault.services import register_custody_key
from frontend.parts import Cell, Column, Link, Table
from portal.core.dates import write_day_short
from portal.core.forms import refusals_on, status_of, typed_in
from portal.roles.fresh import grave
from portal.roles.http import Request
from portal.roles.policy import may, require


@require_http_methods(["GET", "POST"])
@grave
def custody(request: Request) -> HttpResponse:
    """Show the keys in use; a custodian makes a card here, in the browser, and registers its public half."""
    require(request.actor, "evaluation.view")
    may_register = may(request.actor, "custody.register")
    form = CustodyKeyForm(typed_in(request))
    if form.is_valid():
        with refusals_on(form):
            register_custody_key(actor=request.actor, public_key=form.cleaned_data["public_key"])
            messages.success(request, "Your key is registered. Keep your card where only you can reach it.")
            return redirect("custody")
    own = find_own_key(request.actor)
    context = {
        "form": form,
        "own": own,
        "own_fingerprint": fingerprint_of(bytes.fromhex(own.public_key)) if own else "",
        "may_register": may_register,
        "offers_demo_card": may_register and settings.DEMO,
        "table": _make_table(),
        "crumbs": [Link("Custody")],
    }
    return render(request, "cohort/vault/custody.html", context, status=status_of(form))


@require_POST
@grave
def custody_demo(request: Request) -> HttpResponse:
    """Make a card that lies on this machine; in a demo only."""
    demo.make_demo_card(request.actor)
    messages.success(request, "A demo card was made and kept on this machine.")
    return redirect("custody")


def _make_table() -> Table:
    rows = [
        [
            str(one.custodian),
            Cell(fingerprint_of(bytes.fromhex(one.public_key)), is_code=True),
            write_day_short(one.registered_at.date()),
            "on this machine (demo)" if one.is_demo else "with the custodian",
        ]
        for one in list_custody_keys()
    ]
    columns: list[Column | str] = ["Custodian", "Fingerprint of the key", "Registered", "Card"]
    return Table("Custody keys in use", columns, rows, empty="No custodian has registered a key yet.")
