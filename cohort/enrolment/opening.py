"""What must be there before enrolment can open, each condition with whether it is met."""

from dataclasses import dataclass

from django.utils import timezone

from cohort.enrolment import allocate
from cohort.study.models import Basis, Study
from cohort.study.protocol import compute_protocol_sha256

SITE, APPROVAL, CONSENT_FORM, SHARES = "site", "approval", "consent_form", "shares"
SHARES_WANTED = 2


@dataclass(frozen=True)
class Condition:
    """One condition: its key, the sentence while it is not met, the words once it is."""

    key: str
    missing: str
    met: str
    is_met: bool


def list_conditions(study: Study) -> list[Condition]:
    """Return every condition of the opening, in the order in which they can be met."""
    today = timezone.localdate()
    forms = study.consent_forms.select_related("approval")
    n_shares = len(allocate.list_givers(study, compute_protocol_sha256(study)))
    conditions = [
        Condition(SITE, "a site must take part", "a site takes part", study.study_sites.exists()),
        Condition(
            APPROVAL,
            "an ethics approval must be valid today",
            "an ethics approval is valid today",
            any(one.is_valid_on(today) for one in study.approvals.all()),
        ),
        Condition(
            CONSENT_FORM,
            "a consent form must be valid today",
            "a consent form is valid today",
            any(one.is_valid_on(today) for one in forms),
        ),
        Condition(
            SHARES,
            f"two custodians must give their share of the draw for this protocol ({n_shares} did)",
            "two custodians gave their share of the draw for this protocol",
            n_shares >= SHARES_WANTED,
        ),
    ]
    # A public-use data set has no participants of ours to ask, and no ethics committee of ours either.
    needless = {APPROVAL, CONSENT_FORM} if study.basis == Basis.PUBLIC_USE else set()
    return [one for one in conditions if one.key not in needless]
