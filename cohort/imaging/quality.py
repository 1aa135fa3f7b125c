"""What people say of a series once they have looked: motion, whether it is to be repeated, whether it can be used."""

from django.db import models

from cohort.imaging.models import Modality, Series
from cohort.imaging.states import SERIES, SeriesState
from portal.audit.context import name_subject, service
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.workflow import move


class Motion(models.IntegerChoices):
    """Grades of movement in a pQCT (form `pqc`): 4 and 5 ask for one repeat, and the better one is kept."""

    NONE = 1, "1 none"
    SLIGHT = 2, "2 slight"
    MODERATE = 3, "3 moderate"
    SEVERE = 4, "4 severe"
    UNUSABLE = 5, "5 unusable"


VERBS = ("find_unusable", "find_wrong_side", "take_back")
"""What a person may do with a series' state, each by the function of that name."""

HAVE_MOTION_GRADES = (Modality.PQCT, Modality.HRPQCT)
ASK_FOR_REPEAT_FROM = Motion.SEVERE


@service("image.grade")
def set_quality(
    *, actor: Actor, series: Series, motion_grade: int | None = None, ask_repeat: bool = False, note: str = ""
) -> None:
    """Write down how good a series is. A grade of 4 or 5 asks for one repeat by itself.

    Raises Refused for a grade where the modality has none, or outside 1 to 5.
    """
    require(actor, "image.grade", series.participant.site_id)
    if motion_grade is not None and series.modality not in HAVE_MOTION_GRADES:
        raise Refused(f"a {series.get_modality_display()} has no motion grade; only pQCT and HR-pQCT have")
    if motion_grade is not None and motion_grade not in Motion.values:
        raise Refused(f"a motion grade lies between 1 and 5, not {motion_grade}")
    _refuse_settled(series)
    is_first = series.attempt == 1
    too_much = motion_grade is not None and motion_grade >= ASK_FOR_REPEAT_FROM and is_first
    series.motion_grade, series.quality_note = motion_grade, note
    series.is_repeat_asked = ask_repeat or too_much
    Series.objects.filter(pk=series.pk).update(
        motion_grade=motion_grade, quality_note=note, is_repeat_asked=series.is_repeat_asked
    )
    name_subject(series.participant.code, series.participant.site_id)


@service("image.grade")
def find_unusable(*, actor: Actor, series: Series, why: str) -> None:
    """Take a series out of use; it stays where it was used already."""
    _refuse_without_reason(why)
    move(series, "find_unusable", table=SERIES, actor=actor, site_pk=series.participant.site_id, quality_note=why)
    name_subject(series.participant.code, series.participant.site_id)


@service("image.grade")
def find_wrong_side(*, actor: Actor, series: Series, why: str) -> None:
    """Say that a series shows the other forearm after all; it is used no more."""
    _refuse_without_reason(why)
    move(series, "find_wrong_side", table=SERIES, actor=actor, site_pk=series.participant.site_id, quality_note=why)
    name_subject(series.participant.code, series.participant.site_id)


@service("image.grade")
def take_back(*, actor: Actor, series: Series, why: str) -> None:
    """Make a series usable again that was called unusable."""
    _refuse_without_reason(why)
    move(series, "take_back", table=SERIES, actor=actor, site_pk=series.participant.site_id, quality_note=why)
    name_subject(series.participant.code, series.participant.site_id)


def _refuse_without_reason(why: str) -> None:
    if not why.strip():
        raise Refused("say why, so that others can follow it")


def _refuse_settled(series: Series) -> None:
    if series.state not in {SeriesState.ACCEPTED, SeriesState.IN_USE}:
        raise Refused(f"a series that is {series.get_state_display().lower()} is not graded")
