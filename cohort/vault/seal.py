"""Seal the labels of the test participants: the one place where a label's plaintext and a page's process meet.

It speaks as `tb_label_writer`, which may add to the vault and read nothing back. A label lives here for the length
of one call: no model holds it, no message, no log and no return value. Nothing is written in an order that tells
anything (TRUST 1.2, "Order"; 1.5).
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from django.db import connections
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from cohort.vault.models import LabelBatch, SealedLabel, SealingKey
from modelling.engine.blinding.labels import KIND, compute_label_root, compute_split_root, write_label
from portal.audit.context import joined
from portal.core.errors import Refused
from portal.proof import commit, jcs

ALIAS = "labels"
NO_CONSENT = "no consent to evaluation"
NO_LABEL = "no label"
FROM_FOREARM = "label made from the forearm's own DXA, which is an input"
"""DECISIONS 1: an input is never scored against itself, so these are not of the primary set."""


class Labelled(Protocol):
    """What the rules of labels answer for one participant; `value` None: no label."""

    @property
    def value(self) -> int | None: ...
    @property
    def from_forearm(self) -> bool: ...


ListLabels = Callable[[], Mapping[uuid.UUID, Labelled]]
"""Asked inside the sealing, so that labels are held nowhere else; answers for test participants only."""


@dataclass(frozen=True)
class Sealing:
    """What may be told of a sealing: counts and roots."""

    batch_pk: uuid.UUID
    n_labels: int
    label_root: str
    split_root: str
    exclusions_sha256: str


@sensitive_variables()
def seal_labels(
    evaluation_pk: uuid.UUID,
    *,
    enrolled: Collection[uuid.UUID],
    consenting: Collection[uuid.UUID],
    list_labels: ListLabels,
) -> Sealing:
    """Seal the label of each test participant to the evaluation's public key, inside the act that is open.

    enrolled: everybody of the study. consenting: those of them who may be evaluated today.
    Raises Refused where there is no sealing key, or nobody to seal for.
    """
    salt = secrets.token_bytes(32)
    with joined(ALIAS):
        public_key = _find_public_key(evaluation_pk)
        parts = _list_parts(enrolled)
        test = {pk for pk, part in parts.items() if part == "test"}
        labels = list_labels()
        chosen = test & set(consenting)
        values, why_not = _choose(labels, chosen)
        sealed = [_seal_one(evaluation_pk, public_key, pk, value) for pk, value in values.items()]
        if not sealed:
            raise Refused("no test participant has a label yet, so there is nothing to seal")
        exclusions = Counter({NO_CONSENT: len(test - set(consenting))}) + why_not
        batch = LabelBatch(
            evaluation_id=evaluation_pk,
            n_labels=len(sealed),
            label_root=compute_label_root(bytes(one.commitment) for one in sealed),
            split_root=compute_split_root(salt, parts.items()),
            salt=salt,
            exclusions={reason: n for reason, n in sorted(exclusions.items()) if n},
            made_at=timezone.now(),
        )
        for one in sealed:
            one.batch_id = batch.pk
        batch.save(using=ALIAS, force_insert=True)
        # Their keys are random, so their order in the table is too.
        SealedLabel.objects.using(ALIAS).bulk_create(sorted(sealed, key=lambda one: one.pk.bytes))
    return Sealing(batch.pk, len(sealed), batch.label_root, batch.split_root, digest_exclusions(batch.exclusions, salt))


def digest_exclusions(exclusions: Mapping[str, int], salt: bytes) -> str:
    """Return the digest under which the exclusions stand in the ledger until they are told."""
    return sha256(jcs.dumps({"exclusions": exclusions, "salt": salt.hex()})).hexdigest()


@sensitive_variables()
def _seal_one(evaluation_pk: uuid.UUID, public_key: bytes, participant_pk: uuid.UUID, value: int) -> SealedLabel:
    opening = write_label(evaluation_pk, participant_pk, value)
    return SealedLabel(
        evaluation_id=evaluation_pk,
        participant_id=participant_pk,
        ciphertext=commit.seal(public_key, opening),
        commitment=commit.commit(KIND, opening),
    )


@sensitive_variables()
def _choose(
    labels: Mapping[uuid.UUID, Labelled], chosen: Collection[uuid.UUID]
) -> tuple[dict[uuid.UUID, int], Counter[str]]:
    """Return the values to seal, and how many of those chosen have none to seal, by reason."""
    values: dict[uuid.UUID, int] = {}
    why_not: Counter[str] = Counter()
    for pk in chosen:
        found = labels.get(pk)
        if found is None or found.value is None:
            why_not[NO_LABEL] += 1
        elif found.from_forearm:
            why_not[FROM_FOREARM] += 1
        else:
            values[pk] = found.value
    return values, why_not


def _find_public_key(evaluation_pk: uuid.UUID) -> bytes:
    found = SealingKey.objects.using(ALIAS).filter(evaluation_id=evaluation_pk).first()
    if found is None:
        raise Refused("the scorer has made no sealing key for this evaluation yet")
    return bytes.fromhex(found.public_key)


def _list_parts(enrolled: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT pk, vault.part_of(pk) FROM unnest(%s::uuid[]) AS pk", [list(enrolled)])
        return {pk: part for pk, part in cursor.fetchall() if part is not None}
