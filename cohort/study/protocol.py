"""What the protocol fixes, as canonical JSON with one digest that people agree to."""

from cohort.study.models import BLOCK_SIZE, Study
from portal.core.hashing import sha256_hex
from portal.proof import jcs


def describe_protocol(study: Study) -> dict[str, jcs.Json]:
    """Return what the digest is computed over: the rules that must not move after the first assignment."""
    return {
        "format": "trabecula.protocol.v1",
        "study": str(study.pk),
        "code": study.code,
        "origin": study.origin,
        "basis": study.basis,
        "age": {"least_years": study.min_age_years, "least_counts": study.min_age_counts},
        "draw": {
            "block_size": BLOCK_SIZE,
            "test_per_block": study.n_test_per_block,
            "strata": ["site", "sex", "age band"],
            "method": "permuted blocks, order by HMAC-SHA-256(seed, stratum, block)",
        },
        "small_team": study.small_team,
    }


def compute_protocol_sha256(study: Study) -> str:
    """Return the digest of the protocol as it stands."""
    return sha256_hex(jcs.dumps(describe_protocol(study)))
