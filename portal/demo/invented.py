"""Whom the demo invents: a phantom's body and bones, with a name, and the files a scanner would send of them.

The images are physics, not drawings: `modelling.engine.phantom` projects a bone. Who is invented hangs on a seed and a
number alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from modelling.engine.phantom.answers import make_answers
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.worlds import make_person
from modelling.engine.processes import work_in_order
from portal.demo.names import FAMILY, GIVEN

SEED = 20260101
MODALITIES = ("film", "dxa", "pqct")


@dataclass(frozen=True)
class Invented:
    """Somebody of the demo. `number` counts those enrolled; `index` is the phantom's person."""

    number: int
    index: int
    sex: str
    born_on: date
    day: date
    """Day of the baseline and of its imaging."""

    @property
    def family(self) -> str:
        """The family name; every one has Sim in it."""
        return FAMILY[self.number % len(FAMILY)]

    @property
    def given(self) -> str:
        """The given name, with a number as kings have."""
        return f"{GIVEN[self.sex][self.number % len(GIVEN[self.sex])]} {roman(self.number)}"

    @property
    def hospital_number(self) -> str:
        """The number that scanners know the person by."""
        return f"SIM-{self.number:07d}"


@dataclass(frozen=True)
class Wish:
    """What is to be made of one invented person: files in a folder, perhaps with the wrong side in their header."""

    one: Invented
    folder: Path
    wrong_side: bool = False


@dataclass(frozen=True)
class Made:
    """What a wish gave: the forearm that was scanned, the answers by form, the files by modality."""

    one: Invented
    side: str
    answers: dict[str, list[dict[str, Any]]]
    files: dict[str, list[Path]]


def invent(number: int, index: int, day: date) -> Invented:
    """Return the person of an index, enrolled as the number-th on a day."""
    person: Person = make_person(SEED, index)
    return Invented(number, index, person.sex, person.born_on, day)


def make_all(wishes: list[Wish], n_processes: int) -> Iterator[Made]:
    """Make images and answers of everybody, in order, on several cores."""
    return work_in_order(make, wishes, n_processes)


def make(wish: Wish) -> Made:
    """Make the images of one person, write them as DICOM, and return them with the answers for the forms."""
    one = wish.one
    person = make_person(SEED, one.index)
    images = make_images(person)
    identity = Identity(
        patient_id=one.hospital_number,
        name=f"{one.family}^{one.given}",
        born_on=one.born_on,
        taken_at=datetime.combine(one.day, time(9, 30), UTC),
        accession=f"SIM{one.number:08d}",
    )
    other = {"L": "R", "R": "L"}[images.side]
    written = write_dicom(images, identity, wish.folder, header_side=other if wish.wrong_side else None)
    files = {name: [path for path in written if path.name.startswith(name)] for name in MODALITIES}
    return Made(one, images.side, make_answers(person, images.regions, one.day), files)


def roman(number: int) -> str:
    """Return a number in Roman numerals."""
    marks = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, mark in marks:
        while number >= value:
            text, number = text + mark, number - value
    return text
