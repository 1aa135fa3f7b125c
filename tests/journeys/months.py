"""What months of the study left behind before the journey begins: people with a baseline, some with images.

Everybody comes in through the services that the pages use. Two things are arranged, whoever was drawn: past fractures
are told in turn among those drawn into training and among those drawn into the test, so that both hold some, and so
many of the training people have a film that a model answers from one. The draw is read for that as only a test can.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from cohort.enrolment.models import Assignment
from cohort.imaging.services import close_upload
from cohort.participants.models import Participant
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person
from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.cast import Cast, act_as, days_ago, make_cast, make_identity, make_participant
from tests.cohort.crf.builders import ANT, FAL, FXH, begin, complete
from tests.cohort.imaging.builders import begin as start
from tests.cohort.imaging.builders import send
from tests.cohort.pages import written

N_PEOPLE = 24
N_IMAGED_WHOLE = 2
"""How many of those drawn into training are imaged whole."""
N_WITH_FILM = 9
"""How many of those drawn into training have a film: more than one of three folds holds, so that each fold learns from
some and the model answers from the film alone. Everybody drawn into the test has one: models are judged by it."""
MODALITIES = ("film", "dxa", "pqct")
WORLD = 20260101
"""Seed of the phantom's world, from which the bones are."""


@dataclass
class Town:
    """The cast of the study, and who else it takes to evaluate a model."""

    cast: Cast
    cyril: Actor
    """The third custodian."""
    otto: Actor
    """Auditor."""

    @property
    def custodians(self) -> list[Actor]:
        """The three who hold a share each."""
        return [self.cast.carl, self.cast.cora, self.cyril]


def make_town(folder: Path) -> Town:
    """Make the cast and 24 people with their baseline; some were imaged, and a worker reads their files.

    folder: where the scanners' files lie until they are sent.
    """
    town = Town(make_cast(), act_as("Cyril Custodian", Role.CUSTODIAN), act_as("Otto Auditor", Role.AUDITOR))
    places = {True: itertools.count(), False: itertools.count()}
    for number in range(N_PEOPLE):
        participant = make_participant(town.cast, f"Ann{number}")
        is_test = Assignment.objects.get(participant_id=participant.pk).is_test
        place = next(places[is_test])
        bring_history(town.cast, participant, number, has_broken=place % 2 == 0)
        bring_images(town.cast, participant, number, folder / participant.code, choose_images(place, is_test=is_test))
    return town


def choose_images(place: int, *, is_test: bool) -> Sequence[str]:
    """Return what is taken of somebody, by the place among those drawn alike."""
    if is_test:
        return ("film",)
    if place < N_IMAGED_WHOLE:
        return MODALITIES
    return ("film",) if place < N_WITH_FILM else ()


def bring_history(cast: Cast, participant: Participant, number: int, *, has_broken: bool) -> None:
    """Enter a baseline; who has broken a bone is a little lighter, with much overlap."""
    visit = begin(cast, participant)
    weight_kg = 58 + 7 * (number % 4) - (6 if has_broken else 0)
    complete(cast.nora, visit, "ant", {**ANT, "ant_date": written(days_ago(0)), "weight_kg": str(weight_kg)})
    complete(cast.nora, visit, "fal", FAL)
    complete(cast.nora, visit, "fxh", FXH if has_broken else {"fxh_any": "0"})


def bring_images(cast: Cast, participant: Participant, number: int, folder: Path, taken: Sequence[str]) -> None:
    """Send the images of one forearm that were taken; a worker reads them meanwhile."""
    if not taken:
        return
    files = write_images(participant.code, f"Example^Ann{number}", make_identity().birth_date, number, folder)
    for modality in taken:
        upload = start(cast, participant, modality=modality)
        for path in files[modality]:
            send(cast.nora, upload, path.read_bytes(), path.name)
        close_upload(actor=cast.nora, upload=upload)


def write_images(code: str, name: str, born_on: date, number: int, folder: Path) -> dict[str, list[Path]]:
    """Write what scanners send of a left forearm out of the phantom's world; return the files by modality."""
    images = make_images(make_person(WORLD, number), "L")
    taken_at = datetime.combine(days_ago(0), time(9, 30), UTC)
    written_files = write_dicom(images, Identity(f"SIM-{code}", name, born_on, taken_at), folder)
    return {one: [path for path in written_files if path.name.startswith(one)] for one in MODALITIES}
