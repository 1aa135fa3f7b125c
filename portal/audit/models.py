"""The record of what was done. Append-only: triggers forbid change, grants forbid it once more.

An *act* is one thing a person did. Triggers write an *event* for each row an act touched. The sealer puts the
events' commitments into Merkle *batches*, whose roots stand in the *ledger*, a hash chain.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

ZONES = ("public", "identity", "outcome", "vault")
"""Schemas with an event table of their own: what was written to a closed schema stays inside it."""


class Act(models.Model):
    """One act of one actor: the line a monitor reads."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=60, help_text="noun.verb, as in the permission table")
    actor = models.CharField(max_length=60, help_text="user:<uuid> or system:<name>")
    subject = models.CharField(max_length=80, blank=True, help_text="what it was done to, by research code or key")
    site_id = models.BigIntegerField(null=True)
    why = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        indexes = (models.Index(fields=("-at",), name="act_at"), models.Index(fields=("subject",), name="act_subject"))

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"


class Read(models.Model):
    """One row per actor, object and quarter of an hour, with a count: who looked at what is closed to most."""

    actor = models.CharField(max_length=60)
    what = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    quarter_at = models.DateTimeField()
    n_reads = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("actor", "what", "subject", "quarter_at"), name="read_once_a_quarter"),
        )

    def __str__(self) -> str:
        return f"{self.what} by {self.actor}, {self.n_reads} times"


class Era(models.Model):
    """One row per restore: transaction numbers begin anew in another cluster, so batches name their era."""

    id = models.IntegerField(primary_key=True)
    began_at = models.DateTimeField()
    reason = models.TextField()

    def __str__(self) -> str:
        return f"era {self.pk}: {self.reason}"


class LedgerEntry(models.Model):
    """One link of the hash chain (portal.proof.ledger). `body` is canonical JSON, kept as its exact text."""

    seq = models.BigIntegerField(primary_key=True)
    prev_hash = models.CharField(max_length=64)
    body = models.TextField()
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("seq",)
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"entry {self.seq}"


class Batch(models.Model):
    """The events of one zone between two transactions, as Merkle leaves in order."""

    entry = models.ForeignKey(LedgerEntry, models.PROTECT, related_name="batches")
    zone = models.CharField(max_length=10)
    era = models.ForeignKey(Era, models.PROTECT, related_name="+")
    from_transaction = models.BigIntegerField()
    to_transaction = models.BigIntegerField()
    event_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField(help_text="32 bytes per event, in the order of event_ids")

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "batches"
        constraints = (
            models.UniqueConstraint(fields=("zone", "era", "from_transaction"), name="batch_begins_where_one_ended"),
        )

    def __str__(self) -> str:
        return f"{len(self.event_ids)} events of {self.zone}"
