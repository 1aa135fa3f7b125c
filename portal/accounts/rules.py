"""Who may give which role to whom: what the permission table's `role.grant` means for each single role (pure).

A principal investigator delegates the tasks of the own site to its staff, as ICH E6(R3) 2.3 has it: nurse,
radiographer, reader, assessor. Everybody else is there to be independent of the investigator (data manager, analyst,
custodian, monitor, auditor) or stands beside or above (another investigator, the administrator), so that only the
administrator, who may not touch data, can bring them in.
"""

from portal.roles.actors import Actor
from portal.roles.models import Role
from portal.roles.policy import may

_ADMIN = frozenset({Role.ADMIN})
_ADMIN_OR_PI = frozenset({Role.ADMIN, Role.PI})

GRANTABLE_BY: dict[str, frozenset[str]] = {
    Role.NURSE: _ADMIN_OR_PI,
    Role.RADIOGRAPHER: _ADMIN_OR_PI,
    Role.READER: _ADMIN_OR_PI,
    Role.ASSESSOR: _ADMIN_OR_PI,
    Role.DATA_MANAGER: _ADMIN,
    Role.ANALYST: _ADMIN,
    Role.PI: _ADMIN,
    Role.CUSTODIAN: _ADMIN,
    Role.MONITOR: _ADMIN,
    Role.AUDITOR: _ADMIN,
    Role.ADMIN: _ADMIN,
}


def may_grant(actor: Actor, role: str, site_pk: int | None) -> bool:
    """True if the actor may give this role at this site; None asks for every site at once.

    Who holds a role at one site gives roles there and nowhere else.
    """
    if actor.is_system:
        return may(actor, "role.grant")
    return any(held.role in GRANTABLE_BY[role] and held.site_pk in {None, site_pk} for held in actor.held)


def list_grantable(actor: Actor) -> list[Role]:
    """Return the roles the actor may give at one site at least, in the order of the list of roles."""
    return [role for role in Role if actor.holds(GRANTABLE_BY[role])]


def may_grant_everywhere(actor: Actor) -> bool:
    """True if there is a role that the actor may give at every site at once."""
    return any(may_grant(actor, role, None) for role in Role)
