"""What the page of mechanical tests shows before and while one runs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse

from cohort.imaging.models import Series
from cohort.measurements.models import StrengthTest
from cohort.measurements.strength import refuse_untestable
from cohort.measurements.strength_parts import LOADS
from frontend.parts import Progress
from modelling.engine.fe.foretelling import Foretold
from portal.core.errors import Refused
from portal.core.forms import sentence
from portal.jobs import shown as jobs
from portal.jobs.states import ENDED
from portal.roles.actors import Actor

_MINUTE = 60.0


@dataclass(frozen=True)
class Running:
    """A test that gave nothing yet: how far its job is, and where that stands in full."""

    progress: Progress
    job_url: str


def title_of(series: Series) -> str:
    """Return what a series is called on the page."""
    side = series.get_side_display().lower()
    return f"{series.get_modality_display()}, {side}, attempt {series.attempt}, visit {series.visit.code}"


def why_not(series: Series) -> str:
    """Return why a series cannot be tested; empty where it can."""
    try:
        refuse_untestable(series)
    except Refused as error:
        return sentence(str(error))
    return ""


def make_needs(foretold: Foretold | None) -> list[tuple[str, str]]:
    """Return what a test will need, as pairs of a word and its value."""
    given = f"{settings.JOB_MEMORY_MB * 2**20 / 1e9:.1f} GB"
    if foretold is None:
        later = "told once the series is measured, which happens by itself; the job refuses what is too large"
        return [("Memory and time", later), ("A job is given", given)]
    return [
        ("Elements", f"about {foretold.n_elements:,}".replace(",", " ")),
        ("Memory", f"at most {max(foretold.n_bytes / 1e9, 0.1):.1f} GB of the {given} that a job is given"),
        ("Time", f"about {_say_time(foretold.seconds)} on one processor core, less on several"),
    ]


def _say_time(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def list_running(tests: Iterable[StrengthTest], actor: Actor) -> list[Running]:
    """Return the tests that gave nothing yet, the newest first; one that failed only while it is the newest of all.

    The first alone asks for news: their pieces would share a name, and the page is loaded anew when it ends.
    """
    found = [one for number, one in enumerate(tests) if one.tested_at is None and (number == 0 or not _has_ended(one))]
    return [_make_running(one, actor, asks=number == 0) for number, one in enumerate(found)]


def _has_ended(test: StrengthTest) -> bool:
    return test.job.state in ENDED


def _make_running(test: StrengthTest, actor: Actor, *, asks: bool) -> Running:
    progress = replace(jobs.progress_of(test.job, actor), label=LOADS[test.direction])
    if not asks:
        progress = replace(progress, poll_url="", dom_id=f"test-{test.pk}")
    return Running(progress, reverse("job", args=[test.job_id]))
