"""Who sees a report, and when; what the page, the files and the kept paper are."""

import io
import json
from hashlib import sha256

import pytest
from django.db import DatabaseError, connection
from django.http import Http404
from django.urls import reverse
from pypdf import PdfReader

from modelling.reports.access import find_report
from modelling.reports.models import Report
from modelling.reports.printing import print_pdf
from modelling.reports.services import keep_report
from portal.audit.models import LedgerEntry
from portal.core.errors import NotAllowed, Refused
from portal.roles.actors import Actor
from tests.cohort.pages import look_as, words
from tests.modelling.blinded.stage import Stage, bring_to_locked, reveal, set_stage, sheet_of
from tests.modelling.engine.metrics.sheets import make_sheet

FILES = ("report", "report-pdf", "report-json")


def addresses(stage: Stage) -> list[str]:
    """Return every address of a report."""
    figures = [
        reverse("report-figure", args=[stage.evaluation_pk, "confusion", kind]) for kind in ("png", "svg", "csv")
    ]
    return [*(reverse(name, args=[stage.evaluation_pk]) for name in FILES), *figures]


def readers(stage: Stage) -> list[Actor]:
    """Return one of each role that reads reports."""
    cast = stage.cast
    return [cast.paula, cast.ana, cast.dan, cast.carl, cast.mona, stage.auditor]


def test_before_the_reveal_nobody_gets_a_report_and_afterwards_its_readers_do(fresh_database: dict[str, str]) -> None:
    stage = set_stage(fresh_database)
    bring_to_locked(stage)
    for reader in readers(stage):
        for address in addresses(stage):
            assert look_as(reader).get(address).status_code == 404
    with pytest.raises(Http404):
        keep_report(actor=stage.cast.paula, evaluation_pk=stage.evaluation.pk)
    reveal(stage)
    for reader in readers(stage):
        assert look_as(reader).get(addresses(stage)[0]).status_code == 200
    assert {look_as(stage.cast.ana).get(address).status_code for address in addresses(stage)} == {200}


def test_a_nurse_reads_no_report(revealed: Stage) -> None:
    for address in addresses(revealed):
        assert look_as(revealed.cast.nora).get(address).status_code == 403


def test_an_unknown_evaluation_is_not_there(revealed: Stage) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert look_as(revealed.cast.ana).get(reverse("report", args=[unknown])).status_code == 404


def test_the_page_begins_with_the_sentence_and_carries_its_mark(revealed: Stage) -> None:
    page = words(look_as(revealed.cast.paula).get(reverse("report", args=[revealed.evaluation_pk])))
    n = sheet_of(revealed)["n"]
    assert f"In {n} simulated participants never seen in training the model separated people with a past" in page
    assert f"{n} people cannot settle calibration." in page
    assert "SIMULATED" in page
    assert "Research use, not a medical device" in page
    assert "calibrated" not in page.lower()


def test_the_json_is_the_scorers_own_text(revealed: Stage) -> None:
    answer = look_as(revealed.cast.ana).get(reverse("report-json", args=[revealed.evaluation_pk]))
    assert sha256(answer.content).hexdigest() == revealed.evaluation.sheet_sha256
    assert json.loads(answer.content)["marks"] == ["SIMULATED"]
    assert "simulated" in answer["Content-Disposition"]


def test_the_pdf_is_the_same_bytes_each_time_and_kept_once(revealed: Stage) -> None:
    browser = look_as(revealed.cast.paula)
    address = reverse("report-pdf", args=[revealed.evaluation_pk])
    before = Report.objects.count()
    loose = browser.get(address).content
    assert Report.objects.count() == before
    kept = keep_report(actor=revealed.cast.paula, evaluation_pk=revealed.evaluation.pk)
    again = keep_report(actor=revealed.cast.dan, evaluation_pk=revealed.evaluation.pk)
    assert (again.pk, Report.objects.count()) == (kept.pk, 1)
    assert kept.pdf_sha256 == sha256(loose).hexdigest()
    assert browser.get(address).content == loose
    assert "SIMULATED" in PdfReader(io.BytesIO(loose)).pages[0].extract_text()
    told = [entry.body for entry in LedgerEntry.objects.all() if kept.pdf_sha256 in str(entry.body)]
    assert len(told) == 1


def test_a_kept_report_cannot_be_changed(revealed: Stage) -> None:
    kept = keep_report(actor=revealed.cast.paula, evaluation_pk=revealed.evaluation.pk)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE reports_report SET pdf_sha256 = %s WHERE id = %s", ["0" * 64, kept.pk])
    assert find_report(revealed.evaluation.pk).pdf_sha256 == kept.pdf_sha256  # type: ignore[union-attr]


def test_an_analyst_may_not_keep_a_report(revealed: Stage) -> None:
    with pytest.raises(NotAllowed, match="is for: data manager, principal investigator"):
        keep_report(actor=revealed.cast.ana, evaluation_pk=revealed.evaluation.pk)
    address = reverse("report-keep", args=[revealed.evaluation_pk])
    assert look_as(revealed.cast.ana).post(address).status_code == 403
    assert look_as(revealed.cast.paula).get(address).status_code == 405


def test_the_page_keeps_the_report_by_its_button(revealed: Stage) -> None:
    browser = look_as(revealed.cast.dan)
    answer = browser.post(reverse("report-keep", args=[revealed.evaluation_pk]), follow=True)
    kept = find_report(revealed.evaluation.pk)
    assert kept is not None
    assert kept.pdf_sha256 in words(answer)


def test_a_figure_nobody_listed_is_not_there(revealed: Stage) -> None:
    for name, kind in (("heatmap", "png"), ("roc", "exe"), ("calibration", "png")):
        address = reverse("report-figure", args=[revealed.evaluation_pk, name, kind])
        assert look_as(revealed.cast.ana).get(address).status_code == 404


def test_each_figures_file_carries_the_mark(revealed: Stage) -> None:
    for kind, sign in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("csv", b"# SIMULATED")):
        address = reverse("report-figure", args=[revealed.evaluation_pk, "risks", kind])
        content = look_as(revealed.cast.ana).get(address).content
        assert content.startswith(sign)
        assert b"SIMULATED" in content


def test_the_rehearsal_is_shown_with_its_mark_before_and_after(revealed: Stage) -> None:
    browser = look_as(revealed.cast.paula)
    page = words(browser.get(reverse("rehearsal", args=[revealed.evaluation_pk])))
    assert "REHEARSAL: LABELS ARE RANDOM" in page
    pdf = browser.get(reverse("rehearsal-pdf", args=[revealed.evaluation_pk])).content
    for one in PdfReader(io.BytesIO(pdf)).pages:
        assert "REHEARSAL: LABELS ARE RANDOM" in one.extract_text()


def test_a_press_that_breaks_says_why() -> None:
    assert print_pdf(make_sheet()).startswith(b"%PDF")
    with pytest.raises(Refused, match="this is no score sheet"):
        print_pdf({"format": "something else"})
