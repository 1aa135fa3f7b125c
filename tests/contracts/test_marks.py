"""SIMULATED stands on everything of simulated origin that leaves the portal, and on nothing of human origin."""

import io
import re
import zipfile
from collections.abc import Iterator

import pydicom
import pytest
from django.http import HttpResponse
from django.urls import reverse
from pypdf import PdfReader

from cohort.study.marking import HEADER
from modelling.reports.numbers import list_figures
from tests.cohort.pages import look_as, read, words
from tests.contracts.routes import HOUSE, LISTS, OTHERS_OWN, PIECES, ROUTES, WRITES, list_names
from tests.contracts.world import Side, World
from tests.modelling.blinded import stage as on

MARK = "SIMULATED"


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]


def test_every_route_has_its_entry_and_every_entry_its_route():
    names = {name for name in list_names() if not name.startswith(OTHERS_OWN)}
    listed = [*ROUTES, *LISTS, *HOUSE, *PIECES, *WRITES]
    assert sorted(names - set(listed)) == [], "say in tests/contracts/routes.py how these are swept"
    assert sorted(set(listed) - names) == [], "these are gone"
    assert len(listed) == len(set(listed)), "an address has two entries"


def body_of(response: HttpResponse) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def texts_of(response: HttpResponse) -> Iterator[tuple[str, str]]:
    """Yield the text of each page or member that must be marked by itself, with its name."""
    kind, body = response.headers["Content-Type"].partition(";")[0], body_of(response)
    if kind == "application/pdf":
        for number, page in enumerate(PdfReader(io.BytesIO(body)).pages, 1):
            yield f"page {number}", page.extract_text()
    elif kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as bundle:
            # The restricted file's manifest holds hashes alone; it says of whom it is beside it.
            said = [name for name in ("manifest.json", "origin.json") if name in bundle.namelist()]
            yield " and ".join(said), " ".join(bundle.read(name).decode() for name in said)
    elif kind == "application/dicom":
        ds = pydicom.dcmread(io.BytesIO(body))
        yield "the header", f"{ds.ImageComments} {MARK if str(ds.PatientID).startswith('SIM-') else ''}"
    else:
        yield kind, f"{response.headers.get(HEADER, '')} {body.decode('utf-8', 'replace')}"


def is_marked(text: str) -> bool:
    """True if a text says SIMULATED, or in JSON names its origin so."""
    return MARK in text or re.search(r'"origin":\s*"simulated"', text) is not None


@pytest.mark.parametrize("name", ROUTES)
def test_what_is_simulated_says_so(world: World, name: str):
    route, side = ROUTES[name], world.simulated
    response = getattr(look_as(route.actor(side)), route.method)(route.address(name, side))
    assert response.status_code == 200, f"{name}: {response.status_code} for {route.who}"
    for part, text in texts_of(response):
        assert is_marked(text), f"{name}: {part} does not say {MARK}"


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if "human" in route.sides])
def test_what_is_human_never_says_so(world: World, name: str):
    route, side = ROUTES[name], world.human
    response = getattr(look_as(route.actor(side)), route.method)(route.address(name, side))
    assert response.status_code == 200, f"{name}: {response.status_code} for {route.who}"
    for part, text in texts_of(response):
        assert not is_marked(text), f"{name}: {part} says {MARK}: {around(text)}"


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_each_figure_carries_the_mark_inside(world: World, kind: str):
    for side in world.sides:
        names = list_figures(on.sheet_of(side.stage))
        assert names
        for name in names:
            url = reverse("report-figure", args=[side.stage.evaluation_pk, name, kind])
            response = look_as(side.stage.cast.ana).get(url)
            assert (MARK.encode() in body_of(response)) is (side.origin == "simulated"), f"{name}.{kind}, {side.origin}"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_marks_rows_of_simulated_origin_and_no_other(world: World, name: str):
    actor = getattr(world.simulated.stage.cast, LISTS[name])
    response = look_as(actor).get(reverse(name))
    assert response.status_code == 200
    if "json" in response.headers["Content-Type"]:
        rows = response.json()
        rows = rows["results"] if isinstance(rows, dict) else rows
        assert {row["origin"] for row in rows} <= {"simulated", "human", None}
        assert "simulated" in {row["origin"] for row in rows}
        return
    assert MARK in words(response)
    for row in re.findall(r"<tr>.*?</tr>", read(response)):
        if any(word in row for word in names_of(world.human)):
            assert MARK not in row


APIS = [name for name in (*ROUTES, *LISTS) if name.startswith(("api-", "job-"))]


@pytest.mark.parametrize("name", APIS)
def test_an_answer_of_the_api_names_the_origin_in_its_header(world: World, name: str):
    side = world.simulated
    if name in LISTS:
        response = look_as(getattr(side.stage.cast, LISTS[name])).get(reverse(name))
    else:
        response = look_as(ROUTES[name].actor(side)).get(ROUTES[name].address(name, side))
    assert MARK in response.headers[HEADER]


def test_the_out_of_fold_table_of_a_model_says_of_whom_it_is(world: World):
    for side in world.sides:
        url = reverse("model-file", args=[side.model.pk, "oof.csv"])  # type: ignore[union-attr]
        text = body_of(look_as(side.stage.cast.ana).get(url)).decode()
        assert (MARK in text) is (side.origin == "simulated")


def names_of(side: Side) -> list[str]:
    """Return what a row of a side is known by."""
    return [side.study.title, side.participant.code]


def around(text: str) -> str:
    """Return what stands before and after a mark."""
    at = max(text.find(MARK), 0)
    return text[max(at - 120, 0) : at + 60]
