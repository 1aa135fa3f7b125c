"""Left or right: what form, header and marker say of it, and what is done where they do not agree.

A side mixed up silently ruins the fusion of film, DXA and pQCT, so a conflict stops (CLINICAL 0.5).
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cohort.imaging import quarantine
from cohort.imaging.models import Series, Side, SideAnswer, Upload, UploadedFile
from cohort.imaging.services import add_upload, launch_reading, refuse_without_consent
from cohort.imaging.states import SeriesState, UploadState
from cohort.participants.models import Participant
from portal.audit.context import name_subject, service
from portal.core.errors import Refused
from portal.core.storage import make_private_folder, sync_folder
from portal.roles.actors import Actor
from portal.roles.policy import require

SOURCES = ("form", "header", "marker")
WORDS = {Side.LEFT: "LEFT", Side.RIGHT: "RIGHT"}
COUNTED = (SeriesState.ACCEPTED, SeriesState.IN_USE)


@dataclass(frozen=True)
class SideAgreement:
    """Which forearm was imaged, who says so, and whether they agree. `side` is empty where nobody said anything."""

    side: str
    agreed_by: tuple[str, ...]
    silent: tuple[str, ...]
    conflicts: tuple[str, ...]

    @property
    def is_conflict(self) -> bool:
        """True where imaging has to stop until somebody has looked."""
        return bool(self.conflicts)

    @property
    def sentence(self) -> str:
        """The large line of a participant's page."""
        if self.is_conflict:
            return "STOP: " + "; ".join(self.conflicts)
        if not self.side:
            return "No forearm was imaged yet"
        silent = f"; no {' and no '.join(self.silent)} was read" if self.silent else ""
        return f"{WORDS[Side(self.side)]} forearm: agreed by {', '.join(self.agreed_by)}{silent}"


def tell_side(participant: Participant) -> SideAgreement:
    """Return what is known of the side, over all series in use and all files that wait for an answer."""
    series = Series.objects.filter(participant=participant, state__in=COUNTED).select_related("facts", "upload")
    waiting = UploadedFile.objects.filter(
        participant=participant, verdict=UploadedFile.Verdict.SIDE_CONFLICT
    ).select_related("upload")
    return judge_sides(
        [(str(one.get_modality_display()), _evidence_of(one)) for one in series],
        sorted({f"a {one.upload.get_modality_display()} names the other side than the form" for one in waiting}),
    )


def _evidence_of(series: Series) -> dict[str, str | None]:
    """Return what each source says of a series; a header or marker that somebody overruled says nothing any more."""
    told = {**series.facts.side_evidence, "form": series.side}
    if series.upload.side_answer != SideAnswer.HEADER_WRONG:
        return told
    return {name: said if said == series.side else None for name, said in told.items()}


def judge_sides(evidence: Iterable[tuple[str, dict[str, str | None]]], open_conflicts: Iterable[str]) -> SideAgreement:
    """Decide from what each series' form, header and marker say (pure).

    evidence: the modality's name, and source → L, R or None where it says nothing.
    """
    found = list(evidence)
    conflicts = list(open_conflicts)
    sides = {said["form"] for _, said in found if said.get("form")}
    if len(sides) > 1:
        conflicts.append("images of both forearms are in use")
    for what, said in found:
        other = [name for name in ("header", "marker") if said.get(name) and said[name] != said.get("form")]
        conflicts += [f"the {name} of the {what} names the other side" for name in other]
    agreed = tuple(name for name in SOURCES if any(said.get(name) for _, said in found))
    silent = tuple(name for name in SOURCES if found and name not in agreed)
    side = next(iter(sides)) if len(sides) == 1 else ""
    return SideAgreement(str(side or ""), agreed, silent, tuple(dict.fromkeys(conflicts)))


def find_protocol_side(participant: Participant) -> str:
    """Return the side imaged first, which later images must match; empty before the first one."""
    first = Series.objects.filter(participant=participant, state__in=COUNTED).order_by("made_at").first()
    return first.side if first else ""


@service("image.upload")
def settle_side(*, actor: Actor, upload: Upload, answer: str, why: str = "") -> Upload:
    """Answer files whose header names the other side: they were dropped at the wrong place, or the header is wrong.

    Either way the files go on into an upload of their own, which is read at once. That a header is wrong is a data
    manager's to say, with the reason. Raises Refused, NotAllowed.
    """
    participant = upload.participant
    is_overruled = answer == SideAnswer.HEADER_WRONG
    require(actor, "image.overrule_header" if is_overruled else "image.upload", participant.site_id)
    if answer not in SideAnswer.values:
        raise Refused("say which it is: dropped at the wrong place, or the header is wrong")
    if is_overruled and not why.strip():
        raise Refused("say how you know that the header is wrong")
    refuse_without_consent(participant)
    waiting = UploadedFile.objects.filter(upload=upload, verdict=UploadedFile.Verdict.SIDE_CONFLICT)
    files = list(waiting.select_for_update())
    if not files:
        raise Refused("no file of this upload waits for an answer about its side")
    other = Side.RIGHT if upload.side == Side.LEFT else Side.LEFT
    settling = add_upload(
        actor=actor,
        participant=participant,
        visit=upload.visit,
        modality=upload.modality,
        side=upload.side if is_overruled else other,
        state=UploadState.READING,
        settles=upload,
        side_answer=answer,
        side_why=why,
    )
    for one in files:
        _hand_on(one, settling)
    launch_reading(actor, settling)
    name_subject(participant.code, participant.site_id)
    return settling


def _hand_on(one: UploadedFile, settling: Upload) -> None:
    """Give a file a second name under the new upload; the first goes with the next sweep."""
    added = UploadedFile(
        upload=settling,
        participant_id=one.participant_id,
        name=one.name,
        n_bytes=one.n_bytes,
        sha256=one.sha256,
    )
    _link(quarantine.path_of(one.upload_id, one.pk), quarantine.path_of(settling.pk, added.pk))
    added.save(force_insert=True)
    UploadedFile.objects.filter(pk=one.pk).update(verdict=UploadedFile.Verdict.SETTLED)


def _link(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Refused("the file is no longer in quarantine; send it again")
    make_private_folder(target.parent)
    os.link(source, target)
    sync_folder(target.parent)
