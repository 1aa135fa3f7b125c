"""What the vault keeps. Everything in schema `vault` is ciphertext, commitments or what the reveal laid open.

No model of a label's plaintext exists before the reveal. Keys into the open schema are plain UUIDs: no role that
writes here needs a right there.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class CustodyKey(models.Model):
    """The public half of a custodian's key; the private half is a card in the custodian's own keeping.

    In a demo the cards lie on this machine (`is_demo`), and every page that rests on them says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    custodian = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="custody_keys")
    public_key = models.CharField(max_length=64, unique=True, help_text="X25519, hexadecimal")
    is_demo = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("registered_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("custodian",), condition=Q(retired_at=None), name="custody_key_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(public_key__regex="^[0-9a-f]{64}$"), name="custody_key_is_hex"),
        )

    def __str__(self) -> str:
        return f"custody key of {self.custodian}"


class RequestKind(models.TextChoices):
    """What the scorer can be asked for."""

    MAKE_KEY = "make_key", "Make the sealing key"
    REHEARSE = "rehearse", "Check and rehearse"
    REVEAL = "reveal", "Reveal"


class RequestState(models.TextChoices):
    ASKED = "asked", "Asked"
    READY = "ready", "Waiting for the shares"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


OPEN_STATES = (RequestState.ASKED, RequestState.READY)


class Request(models.Model):
    """Something the scorer is asked for. It looks here; no broker and no page reaches it otherwise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=RequestKind.choices)
    state = models.CharField(max_length=6, choices=RequestState.choices, default=RequestState.ASKED)
    asked_by = models.UUIDField(null=True)
    asked_at = models.DateTimeField()
    one_time_key = models.CharField(max_length=64, blank=True, help_text="the scorer's public key for this reveal")
    told = models.TextField(blank=True, help_text="why it failed or what it waits for, for a person")
    result = models.JSONField(null=True, blank=True, help_text="nothing that tells a label")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = '"vault"."request"'
        ordering = ("asked_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("evaluation_id", "kind"), condition=Q(state__in=OPEN_STATES), name="request_open_once"
            ),
            models.CheckConstraint(condition=Q(state__in=("done", "failed")) ^ Q(ended_at=None), name="request_ends"),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {str(self.evaluation_id)[:8]}"


class SealingKey(models.Model):
    """The public half of an evaluation's key. The private half exists in shares only."""

    evaluation_id = models.UUIDField(primary_key=True)
    public_key = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        db_table = '"vault"."sealing_key"'

    def __str__(self) -> str:
        return f"sealing key of {str(self.evaluation_id)[:8]}"


class SealedShare(models.Model):
    """A share of a sealing key, sealed to one custodian's custody key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation_id = models.UUIDField()
    custodian_id = models.UUIDField()
    custody_key_id = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    ciphertext = models.BinaryField()
    commitment = models.BinaryField()

    class Meta:
        db_table = '"vault"."sealed_share"'
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("evaluation_id", "custodian_id"), name="share_once_per_custodian"),
            models.UniqueConstraint(fields=("evaluation_id", "number"), name="share_number_once"),
        )

    def __str__(self) -> str:
        return f"share {self.number} of {str(self.evaluation_id)[:8]}"


class GivenShare(models.Model):
    """A share that a custodian handed on for a reveal, sealed to the scorer's one-time key of that moment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request_id = models.UUIDField()
    custodian_id = models.UUIDField()
    one_time_key = models.CharField(max_length=64)
    ciphertext = models.BinaryField()
    given_at = models.DateTimeField()

    class Meta:
        db_table = '"vault"."given_share"'
        ordering = ("given_at",)
        constraints = (
            models.UniqueConstraint(fields=("request_id", "custodian_id", "one_time_key"), name="given_share_once"),
        )

    def __str__(self) -> str:
        return f"share given for {str(self.request_id)[:8]}"


class LabelBatch(models.Model):
    """One sealing of all labels of an evaluation: the roots that were committed to, and what was left out and why.

    An evaluation names the one batch that counts; a batch whose sealing broke off counts for nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation_id = models.UUIDField()
    n_labels = models.PositiveIntegerField()
    label_root = models.CharField(max_length=64)
    split_root = models.CharField(max_length=64)
    salt = models.BinaryField(help_text="first leaf of the split's tree")
    exclusions = models.JSONField(help_text="reason → how many test participants have no sealed label")
    made_at = models.DateTimeField()

    class Meta:
        db_table = '"vault"."label_batch"'

    def __str__(self) -> str:
        return f"labels of {str(self.evaluation_id)[:8]}"


class SealedLabel(models.Model):
    """One label of a test participant, sealed to the evaluation's public key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch_id = models.UUIDField()
    evaluation_id = models.UUIDField()
    participant_id = models.UUIDField()
    ciphertext = models.BinaryField()
    commitment = models.BinaryField()

    class Meta:
        db_table = '"vault"."sealed_label"'
        constraints = (models.UniqueConstraint(fields=("batch_id", "participant_id"), name="label_once_a_batch"),)

    def __str__(self) -> str:
        return f"sealed label {str(self.pk)[:8]}"


class Prediction(models.Model):
    """The predictions of one submission, as the bytes that were hashed. No page reads them before the reveal.

    In the database and not among the files, so that a role, and not a folder's mode, keeps them closed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation_id = models.UUIDField()
    submission_id = models.UUIDField(unique=True)
    content = models.BinaryField(help_text="CSV: token, p, lower, upper")
    sha256 = models.CharField(max_length=64)
    weights = models.BinaryField(null=True, help_text="CSV: token, weight; survey weights of the test inputs")
    made_at = models.DateTimeField()

    class Meta:
        db_table = '"vault"."prediction"'

    def __str__(self) -> str:
        return f"predictions {str(self.submission_id)[:8]}"


class ScoreSheet(models.Model):
    """What the scorer found, once: canonical JSON, kept as its exact text."""

    evaluation_id = models.UUIDField(primary_key=True)
    body = models.TextField()
    scoring = models.TextField(help_text="what was scored and by which rules, beside labels and predictions: JSON")
    sha256 = models.CharField(max_length=64)
    code_sha256 = models.CharField(max_length=64)
    custodians = ArrayField(models.UUIDField(), help_text="whose shares opened the labels")
    made_at = models.DateTimeField()

    class Meta:
        db_table = '"vault"."score_sheet"'

    def __str__(self) -> str:
        return f"score sheet of {str(self.evaluation_id)[:8]}"


class RevealedLabel(models.Model):
    """One opened label with what proves it: its random bytes and the place of its case in the test inputs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation_id = models.UUIDField()
    participant_id = models.UUIDField()
    token = models.CharField(max_length=32, blank=True, help_text="of the test inputs; empty where there were none")
    value = models.PositiveSmallIntegerField()
    nonce = models.BinaryField()

    class Meta:
        db_table = '"vault"."revealed_label"'
        constraints = (models.UniqueConstraint(fields=("evaluation_id", "participant_id"), name="revealed_label_once"),)

    def __str__(self) -> str:
        return f"revealed label {str(self.pk)[:8]}"
