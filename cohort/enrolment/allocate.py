"""Keep the concealed draw: nonces, seed, assignments. Speaks as `tb_allocator`; answers nobody's question.

Nothing here returns an assignment to a page, an API or an export.
"""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db import connections

from cohort.enrolment.draw import is_test, list_test_places, make_seed, make_stratum
from cohort.enrolment.models import Assignment, DrawNonce, DrawSeed
from cohort.study.models import BLOCK_SIZE, Study
from portal.audit.context import joined
from portal.core.errors import Refused
from portal.proof import commit

ALIAS = "allocation"
NONCE_KIND = "draw.nonce"


def keep_nonce(study: Study, custodian_pk: uuid.UUID, protocol_sha256: str) -> str:
    """Make and keep a custodian's nonce for this protocol; return its commitment for the ledger."""
    with joined(ALIAS):
        if DrawNonce.objects.using(ALIAS).filter(
            study_id=study.pk, custodian_id=custodian_pk, protocol_sha256=protocol_sha256
        ):
            raise Refused("you have given your share of the draw for this protocol already")
        nonce = secrets.token_bytes(32)
        DrawNonce.objects.using(ALIAS).create(
            study_id=study.pk, custodian_id=custodian_pk, protocol_sha256=protocol_sha256, nonce=nonce
        )
    return commit.commit(NONCE_KIND, commit.Opening(str(study.pk).encode(), nonce)).hex()


def list_givers(study: Study, protocol_sha256: str) -> list[uuid.UUID]:
    """Return which custodians gave a nonce for this protocol; the nonces stay where they are."""
    found = DrawNonce.objects.using(ALIAS).filter(study_id=study.pk, protocol_sha256=protocol_sha256)
    return list(found.order_by("given_at", "pk").values_list("custodian_id", flat=True))


def keep_seed(study: Study, protocol_sha256: str) -> None:
    """Make the seed from the first two nonces of this protocol."""
    with joined(ALIAS):
        nonces = list(
            DrawNonce.objects.using(ALIAS)
            .filter(study_id=study.pk, protocol_sha256=protocol_sha256)
            .order_by("given_at", "pk")[:2]
        )
        if len(nonces) < 2:
            raise Refused(f"two custodians must give their share of the draw first; {len(nonces)} did")
        DrawSeed.objects.using(ALIAS).get_or_create(
            study_id=study.pk,
            defaults={
                "protocol_sha256": protocol_sha256,
                "nonce_ids": [one.pk for one in nonces],
                "seed": make_seed(protocol_sha256, [bytes(one.nonce) for one in nonces]),
            },
        )


def assign(study: Study, participant_pk: uuid.UUID, site_prefix: str, sex: str, age_years: int) -> None:
    """Draw for one participant. Drawing twice for the same one changes nothing."""
    stratum = make_stratum(site_prefix, sex, age_years)
    with joined(ALIAS):
        _lock(study, stratum)
        assignments = Assignment.objects.using(ALIAS)
        if assignments.filter(participant_id=participant_pk).exists():
            return
        seed = DrawSeed.objects.using(ALIAS).get(study_id=study.pk)
        position = assignments.filter(study_id=study.pk, stratum=stratum).count()
        assignments.create(
            participant_id=participant_pk,
            study_id=study.pk,
            stratum=stratum,
            position=position,
            is_test=is_test(bytes(seed.seed), stratum, position, study.n_test_per_block),
        )


def assign_many(study: Study, site_prefix: str, people: Iterable[tuple[uuid.UUID, str, int]]) -> None:
    """Draw for many participants of one site at once, in the order they are given; who was drawn for stays as drawn.

    people: participant, sex, age in years. The same rule as `assign`: one position after the other in each stratum.
    """
    by_stratum: dict[str, list[uuid.UUID]] = defaultdict(list)
    for participant_pk, sex, age_years in people:
        by_stratum[make_stratum(site_prefix, sex, age_years)].append(participant_pk)
    with joined(ALIAS):
        assignments = Assignment.objects.using(ALIAS)
        seed = bytes(DrawSeed.objects.using(ALIAS).get(study_id=study.pk).seed)
        # Strata are locked in one order, so that two draws at once cannot wait for each other.
        for stratum, participant_pks in sorted(by_stratum.items()):
            _lock(study, stratum)
            drawn = set(assignments.filter(study_id=study.pk, stratum=stratum).values_list("participant_id", flat=True))
            new = [one for one in participant_pks if one not in drawn]
            places = {
                block: list_test_places(seed, stratum, block, study.n_test_per_block)
                for block in range(len(drawn) // BLOCK_SIZE, (len(drawn) + len(new)) // BLOCK_SIZE + 1)
            }
            assignments.bulk_create(
                [
                    Assignment(
                        participant_id=participant_pk,
                        study_id=study.pk,
                        stratum=stratum,
                        position=position,
                        is_test=position % BLOCK_SIZE in places[position // BLOCK_SIZE],
                    )
                    for position, participant_pk in enumerate(new, start=len(drawn))
                ],
                batch_size=1000,
            )


def _lock(study: Study, stratum: str) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('draw.' || %s::text))", [f"{study.pk}/{stratum}"])
