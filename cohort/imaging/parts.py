"""What the pages of imaging show: places to drop files, uploads with their verdicts, the facts of a series."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.urls import reverse

from cohort.imaging.models import Modality, Series, Side, Upload, UploadedFile
from cohort.imaging.sides import WORDS, find_protocol_side
from cohort.imaging.states import SeriesState, UploadState
from cohort.participants.models import Participant, Visit
from cohort.study.schedule import BY_CODE
from portal.core.dates import write_day
from portal.jobs.states import AT_REST
from portal.roles.actors import Actor
from portal.roles.policy import may

ASKED_OF_EVERYBODY = (Modality.FILM, Modality.DXA, Modality.PQCT)
UNSCHEDULED = "UNS"
IN_EVERY_TITLE = ("wrist", "forearm")
SHOWN_WHOLE = 5
"""Of an upload of more files only those are listed that were not taken in."""

Verdict = UploadedFile.Verdict


@dataclass(frozen=True)
class FileLine:
    """One file of an upload: what the one who looks may know of it."""

    name: str
    size: str
    state: str
    word: str
    sentence: str


@dataclass(frozen=True)
class Card:
    """A series, or a reference image, as a picture with a line below it."""

    pk: UUID | str
    url: str
    thumbnail_url: str
    files_url: str
    title: str
    state: str
    word: str
    note: str


@dataclass(frozen=True)
class UploadShown:
    """An upload with all that a page says of it."""

    pk: UUID
    title: str
    state: str
    word: str
    sentence: str
    is_polled: bool
    files: Sequence[FileLine]
    cards: Sequence[Card]
    has_side_conflict: bool
    declared_side: str
    other_side: str
    may_answer: bool
    may_overrule: bool
    may_read_again: bool
    may_give_up: bool


@dataclass(frozen=True)
class Slot:
    """A place to drop the files of one modality at one visit."""

    modality: str
    title: str
    visit_code: str
    dom_id: str
    cards: Sequence[Card]
    uploads: Sequence[UploadShown]
    wanted: str = ""


@dataclass(frozen=True)
class VisitSlots:
    """One visit with its places."""

    code: str
    title: str
    day: str
    slots: Sequence[Slot] = field(default=())


def list_imaging_visits(participant: Participant) -> list[Visit]:
    """Return the visits at which images are taken, and every other one that has some."""
    with_images = set(Series.objects.filter(participant=participant).values_list("visit", flat=True))
    with_images |= set(Upload.objects.filter(participant=participant).values_list("visit", flat=True))
    return [one for one in participant.visits.all() if one.pk in with_images or _has_imaging(one)]


def _has_imaging(visit: Visit) -> bool:
    planned = BY_CODE.get(visit.code)
    return visit.code == UNSCHEDULED or (planned is not None and "img" in planned.forms)


def make_visits(
    actor: Actor, participant: Participant, uploads: Iterable[Upload], series: Iterable[Series]
) -> list[VisitSlots]:
    """Return each visit with its places, its pictures and the uploads that want to be looked at."""
    all_uploads, all_series = list(uploads), list(series)
    return [_make_visit(actor, visit, all_uploads, all_series) for visit in list_imaging_visits(participant)]


def _make_visit(actor: Actor, visit: Visit, uploads: list[Upload], series: list[Series]) -> VisitSlots:
    uploads = [one for one in uploads if one.visit_id == visit.pk]
    series = [one for one in series if one.visit_id == visit.pk]
    taken = {one.modality for one in uploads} | {one.modality for one in series}
    slots = [
        _make_slot(
            actor,
            visit,
            modality,
            [one for one in uploads if one.modality == modality],
            [one for one in series if one.modality == modality],
        )
        for modality in Modality
        if modality in ASKED_OF_EVERYBODY or modality in taken
    ]
    title = BY_CODE[visit.code].title if visit.code in BY_CODE else "Unscheduled"
    day = f"done on {write_day(visit.happened_on)}" if visit.happened_on else f"due on {write_day(visit.due_on)}"
    return VisitSlots(visit.code, title, day, slots)


def _make_slot(actor: Actor, visit: Visit, modality: Modality, uploads: list[Upload], series: list[Series]) -> Slot:
    repeats = [one for one in series if one.is_repeat_asked]
    return Slot(
        modality=modality.value,
        title=str(modality.label),
        visit_code=visit.code,
        dom_id=f"slot-{visit.code}-{modality}".lower(),
        cards=[make_card(one) for one in series],
        uploads=[make_upload(actor, one) for one in uploads if wants_to_be_seen(one)],
        wanted=f"A repeat is asked for: {repeats[0].quality_note or 'movement'}" if repeats else "",
    )


def wants_to_be_seen(upload: Upload) -> bool:
    """True while an upload is under way, or has files that were not taken in."""
    if upload.state in {UploadState.RECEIVING, UploadState.READING}:
        return True
    return any(one.verdict in {Verdict.REFUSED, Verdict.SIDE_CONFLICT} for one in upload.files.all())


def make_card(series: Series) -> Card:
    """Return a series as a picture."""
    region = f" of the {series.region}" if series.region and series.region not in IN_EVERY_TITLE else ""
    attempt = f", attempt {series.attempt}" if series.attempt > 1 else ""
    return Card(
        pk=series.pk,
        url=reverse("series", args=[series.pk]),
        thumbnail_url=reverse("series-thumbnail", args=[series.pk]),
        files_url=reverse("series-files", args=[series.pk]),
        title=f"{series.get_modality_display()}{region}, {series.get_side_display().lower()} forearm{attempt}",
        state="due" if series.is_repeat_asked and series.state == SeriesState.ACCEPTED else series.state,
        word="Repeat asked" if series.is_repeat_asked else str(series.get_state_display()),
        note=series.quality_note,
    )


def make_upload(actor: Actor, upload: Upload) -> UploadShown:
    """Return an upload as pages show it; names of files only to the one who sent them."""
    files = list(upload.files.all())
    site = upload.participant.site_id
    has_conflict = any(one.verdict == Verdict.SIDE_CONFLICT for one in files)
    is_stuck = upload.state == UploadState.READING and upload.job is not None and upload.job.state in AT_REST
    side = Side(upload.side)
    return UploadShown(
        pk=upload.pk,
        title=f"{upload.get_modality_display()}, {side.label.lower()} forearm",
        state=_chip_of(upload, has_conflict, is_stuck)[0],
        word=_chip_of(upload, has_conflict, is_stuck)[1],
        sentence=_say_upload(upload, files),
        is_polled=upload.state == UploadState.READING and not is_stuck,
        files=[
            _make_file(actor, upload, number, one)
            for number, one in enumerate(files, 1)
            if one.verdict != Verdict.ACCEPTED or len(files) <= SHOWN_WHOLE
        ],
        cards=[make_card(one) for one in upload.series.all()],
        has_side_conflict=has_conflict,
        declared_side=WORDS[side],
        other_side=WORDS[Side.RIGHT if side == Side.LEFT else Side.LEFT],
        may_answer=has_conflict and may(actor, "image.upload", site),
        may_overrule=has_conflict and may(actor, "image.overrule_header", site),
        may_read_again=is_stuck and may(actor, "image.upload", site),
        may_give_up=(is_stuck or upload.state == UploadState.RECEIVING) and may(actor, "image.upload", site),
    )


def _chip_of(upload: Upload, has_conflict: bool, is_stuck: bool) -> tuple[str, str]:
    if is_stuck:
        return "failed", "Could not be read"
    if has_conflict:
        return "side_conflict", "Answer wanted"
    return upload.state, str(upload.get_state_display())


def _say_upload(upload: Upload, files: list[UploadedFile]) -> str:
    if upload.state == UploadState.RECEIVING:
        return f"{_count(files)} arrived; nothing is read until the upload is closed."
    if upload.state == UploadState.READING:
        job = upload.job
        if job is not None and job.state in AT_REST:
            return job.failure_text or "The reading was stopped."
        return f"{_count(files)} are being read." if len(files) != 1 else "The file is being read."
    n_accepted = sum(one.verdict == Verdict.ACCEPTED for one in files)
    n_other = sum(one.verdict in {Verdict.REFUSED, Verdict.SIDE_CONFLICT} for one in files)
    words = [f"{n_accepted} accepted"] if n_accepted else []
    words += [f"{n_other} not accepted"] if n_other else []
    return ", ".join(words) + "." if words else ""


def _count(files: list[UploadedFile]) -> str:
    return "1 file has" if len(files) == 1 else f"{len(files)} files"


def _make_file(actor: Actor, upload: Upload, number: int, one: UploadedFile) -> FileLine:
    is_own = upload.made_by_id == actor.user_pk
    return FileLine(
        name=one.name if is_own else f"File {number}",
        size=write_size(one.n_bytes),
        state=one.verdict,
        word=str(one.get_verdict_display()),
        sentence=one.reason,
    )


def write_size(n_bytes: int) -> str:
    """Return a size as people read it."""
    return f"{n_bytes / 2**20:.1f} MB" if n_bytes >= 2**20 else f"{max(1, n_bytes // 1024)} kB"


def suggest_side(participant: Participant) -> str:
    """Return the side to have chosen beforehand: that of earlier images; empty where a person has to say it."""
    return find_protocol_side(participant)
