"""Which roles one person may never hold together (TRUST 1.3, DECISIONS 6). The database holds the same list."""

from portal.roles.models import Role

REFUSED_TOGETHER: dict[frozenset[str], str] = {
    frozenset({Role.ANALYST, Role.CUSTODIAN}): "who builds the model must not hold a key to the test labels",
    frozenset({Role.ANALYST, Role.ASSESSOR}): "who builds the model must not enter the outcomes it is judged by",
    frozenset({Role.ADMIN, Role.CUSTODIAN}): "who can reset sign-ins must not hold a key to the test labels",
}


def refused_with(role: str, held: set[str]) -> tuple[str, str] | None:
    """Return the role already held that forbids `role`, with the reason; None if nothing forbids it."""
    for pair, reason in REFUSED_TOGETHER.items():
        if role in pair:
            (other,) = pair - {role}
            if other in held:
                return other, reason
    return None
