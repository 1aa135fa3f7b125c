"""Tables of studies and what belongs to them, ready to be shown."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils import timezone

from cohort.study.models import ConsentForm, Device, EthicsApproval, Study, StudySite
from frontend.parts import Cell, Column, Row, Table
from portal.core.dates import write_day_short
from portal.sites.models import Site


def make_studies_table(studies: Iterable[Study]) -> Table:
    """Return the studies with their state, origin and opening."""
    rows: list[Row] = [
        [
            Cell(study.title, url=reverse("study", args=[study.code]), note=study.code),
            Cell(study.get_state_display(), state=study.state),
            write_origin(study.origin),
            write_day_short(timezone.localdate(study.opened_at)) if study.opened_at else "not yet",
            study.target_participants,
        ]
        for study in studies
    ]
    columns: list[Column | str] = ["Study", "State", "People", "Enrolment opened", Column("Wanted", is_number=True)]
    return Table("Studies of your sites", columns, rows, empty="No study of your sites yet.")


def make_sites_table(sites: Iterable[Site]) -> Table:
    """Return the sites with the prefix of their codes."""
    rows: list[Row] = [[site.name, Cell(site.prefix, is_code=True)] for site in sites]
    return Table("Sites", ["Site", "Codes begin with"], rows, empty="No site yet.")


def make_study_sites_table(joined: Iterable[StudySite]) -> Table:
    """Return the sites that take part in one study."""
    rows: list[Row] = [
        [one.site.name, Cell(one.site.prefix, is_code=True), write_day_short(one.joined_on)] for one in joined
    ]
    return Table("Sites", ["Site", "Codes begin with", "Takes part from"], rows, empty="No site takes part yet.")


def make_approvals_table(approvals: Iterable[EthicsApproval], today: date) -> Table:
    """Return the approvals, each with whether it holds today."""
    rows: list[Row] = [
        [
            Cell(one.reference, is_code=True),
            one.committee,
            write_day_short(one.approved_on),
            write_day_short(one.ends_on) if one.ends_on else "open",
            validity(one.is_valid_on(today), one.approved_on, today),
        ]
        for one in approvals
    ]
    columns = ["Reference", "Committee", "Approved on", "Ends on", "Today"]
    return Table("Ethics approvals", columns, rows, empty="No ethics approval yet.")


def make_consent_forms_table(forms: Iterable[ConsentForm], today: date) -> Table:
    """Return the versions of the consent form, each with whether it may be signed today."""
    rows: list[Row] = [
        [
            Cell(one.version, is_code=True, note=f"sheet {one.sheet_version}"),
            Cell(one.approval.reference, is_code=True),
            write_day_short(one.valid_from),
            write_day_short(one.valid_to) if one.valid_to else "open",
            "yes" if one.reconsent_required else "no",
            validity(one.is_valid_on(today), one.valid_from, today),
        ]
        for one in forms
    ]
    columns = ["Version", "Approval", "Valid from", "Valid to", "Ask again", "Today"]
    return Table("Consent forms", columns, rows, empty="No consent form yet.")


def make_devices_table(devices: Iterable[Device]) -> Table:
    """Return the devices of the study's sites."""
    rows: list[Row] = [
        [
            f"{one.maker} {one.model}",
            one.get_kind_display() + (f", step wedge of {one.wedge}" if one.wedge else ""),
            one.site.name,
            Cell(one.serial, is_code=True),
            write_day_short(one.in_use_from),
        ]
        for one in devices
    ]
    return Table("Devices", ["Device", "Kind", "Site", "Serial number", "In use from"], rows, empty="No device yet.")


def write_origin(origin: str) -> str:
    """Return the mark of simulated people, in capitals as everywhere, or that they exist."""
    return "SIMULATED" if origin == "simulated" else "human"


def validity(is_valid: bool, starts_on: date, today: date) -> Cell:
    """Return whether something holds today, as a chip."""
    if is_valid:
        return Cell("valid", state="active")
    return Cell("not yet", state="planned") if starts_on > today else Cell("ended", state="ended")
