"""Uploads in quarantine, and the de-identified series that come out of them. True facts of a scan stand apart."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cohort.imaging.states import SeriesState, UploadState
from cohort.participants.models import Participant, Visit
from cohort.study.models import Origin
from portal.jobs.models import Job


class Modality(models.TextChoices):
    FILM = "film", "Radiograph"
    DXA = "dxa", "DXA"
    PQCT = "pqct", "pQCT"
    HRPQCT = "hrpqct", "HR-pQCT"


class Side(models.TextChoices):
    LEFT = "L", "Left"
    RIGHT = "R", "Right"


class SideAnswer(models.TextChoices):
    """What somebody said when the file's header named the other side."""

    MOVED = "moved", "Dropped at the wrong place"
    HEADER_WRONG = "header_wrong", "The header is wrong"


class Upload(models.Model):
    """Files that somebody brought for one visit, modality and side, and what became of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="uploads")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="uploads")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    modality = models.CharField(max_length=8, choices=Modality.choices)
    side = models.CharField(max_length=1, choices=Side.choices, help_text="as declared by who uploads")
    attempt = models.PositiveSmallIntegerField(help_text="1 for the first of its visit, modality and side")
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.RECEIVING)
    job = models.ForeignKey(Job, models.PROTECT, null=True, blank=True, related_name="+")
    # Keyed digests of who the participant is, for the reader to compare a header with; gone once it was read.
    match_salt = models.CharField(max_length=64, blank=True)
    fingerprints = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    settles = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="settled_by")
    side_answer = models.CharField(max_length=12, choices=SideAnswer.choices, blank=True)
    side_why = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)
        constraints = (
            models.UniqueConstraint(fields=("id", "origin"), name="upload_origin_key"),
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_is_known"),
            models.CheckConstraint(
                condition=Q(modality__in=Modality.values, side__in=Side.values), name="upload_declares_what_it_is"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("done", "refused", "cancelled")) | Q(match_salt="", fingerprints=[]),
                name="upload_ended_knows_nobody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("done", "refused", "cancelled")) ^ Q(ended_at=None),
                name="upload_ended_has_instant",
            ),
            models.CheckConstraint(
                condition=Q(settles=None, side_answer="") | (Q(settles__isnull=False) & ~Q(side_answer="")),
                name="upload_settles_with_an_answer",
            ),
        )

    def __str__(self) -> str:
        return f"upload {str(self.pk)[:8]}"


class Series(models.Model):
    """One de-identified series: what analysis and pages work with. Its pixels never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="series")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="series")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="series")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    modality = models.CharField(max_length=8, choices=Modality.choices)
    region = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=1, choices=Side.choices)
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=SeriesState.choices, default=SeriesState.ACCEPTED)
    kind = models.CharField(max_length=20, help_text="what the values are, as 'density' or 'intensity'")
    unit = models.CharField(max_length=20, blank=True)
    n_instances = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    spacing_mm = ArrayField(models.FloatField(), default=list, blank=True, help_text="z, y, x; empty: not known")
    spacing_is = models.CharField(
        max_length=8, choices=[("detector", "at the detector"), ("patient", "in the patient"), ("none", "not known")]
    )
    pixel_sha256 = models.CharField(max_length=64)
    value_min = models.FloatField()
    value_max = models.FloatField()
    motion_grade = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 none to 5 unusable")
    is_repeat_asked = models.BooleanField(default=False)
    quality_note = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-made_at", "pk")
        verbose_name_plural = "series"
        constraints = (
            models.UniqueConstraint(fields=("id", "origin"), name="series_origin_key"),
            models.CheckConstraint(condition=Q(state__in=SeriesState.values), name="series_state_is_known"),
            models.CheckConstraint(
                condition=Q(modality__in=Modality.values, side__in=Side.values), name="series_says_what_it_is"
            ),
            models.CheckConstraint(
                condition=Q(motion_grade=None) | Q(motion_grade__gte=1, motion_grade__lte=5), name="series_motion_grade"
            ),
        )

    def __str__(self) -> str:
        return f"series {str(self.pk)[:8]}"


class SeriesFacts(models.Model):
    """What the original header said truly: the day, the device, the exposure. For staff of the site."""

    series = models.OneToOneField(Series, models.CASCADE, primary_key=True, related_name="facts")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    taken_on = models.DateField(null=True, blank=True)
    age_years = models.PositiveSmallIntegerField(null=True, blank=True)
    maker = models.CharField(max_length=120, blank=True)
    device = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=120, blank=True)
    exposure = models.JSONField(default=dict)
    side_evidence = models.JSONField(default=dict, help_text="form, header, marker: L, R or null")

    class Meta:
        verbose_name_plural = "series facts"

    def __str__(self) -> str:
        return f"facts of {self.series_id}"


class UploadedFile(models.Model):
    """One file that arrived: its bytes are on the disk when its row is committed, and only then is it acknowledged."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"
        SIDE_CONFLICT = "side_conflict", "Other side"
        SETTLED = "settled", "Settled"

    class Place(models.TextChoices):
        QUARANTINE = "quarantine", "In quarantine"
        ORIGINAL = "original", "Kept encrypted"
        GONE = "gone", "Deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="files")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    name = models.CharField(max_length=255, help_text="as on the uploader's disk; shown to nobody else")
    n_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(auto_now_add=True)
    verdict = models.CharField(max_length=13, choices=Verdict.choices, default=Verdict.WAITING)
    step = models.CharField(max_length=20, blank=True, help_text="the step of reading that decided")
    code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    series = models.ForeignKey(Series, models.PROTECT, null=True, blank=True, related_name="sources")
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.QUARANTINE)

    class Meta:
        ordering = ("received_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=("upload", "name", "sha256"), name="uploadedfile_once"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="uploadedfile_is_hashed"),
            models.CheckConstraint(
                condition=Q(verdict="accepted", series__isnull=False) | (~Q(verdict="accepted") & Q(series=None)),
                name="uploadedfile_accepted_has_series",
            ),
        )

    def __str__(self) -> str:
        return f"file {str(self.pk)[:8]}"


class StoredFile(models.Model):
    """A file of a series in the content-addressed store; two series may hold the same one."""

    class Role(models.TextChoices):
        IMAGE = "image", "Image"
        VOLUME = "volume", "Volume"
        THUMBNAIL = "thumbnail", "Thumbnail"

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, models.CASCADE, related_name="files")
    role = models.CharField(max_length=9, choices=Role.choices)
    number = models.PositiveIntegerField(help_text="1 for the first of its role")
    name = models.CharField(max_length=80, help_text="as we wrote it: instance number and kind of file")
    sha256 = models.CharField(max_length=64)
    n_bytes = models.PositiveBigIntegerField()
    transfer_syntax = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("series", "role", "number")
        constraints = (
            models.UniqueConstraint(fields=("series", "role", "number"), name="storedfile_once"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="storedfile_is_hashed"),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.number} of {self.series_id}"


class ReferenceImage(models.Model):
    """A real image that belongs to no participant: shown for comparison, never an input of anything."""

    slug = models.SlugField(primary_key=True, max_length=60)
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=160)
    notice = models.TextField()
    facts = models.JSONField(default=list, help_text="pairs of words: what, and how much of it with its unit")
    file_sha256 = models.CharField(max_length=64, blank=True, help_text="a DICOM file the viewer can open, if any")
    thumbnail_sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("kind", "title")

    def __str__(self) -> str:
        return self.title
