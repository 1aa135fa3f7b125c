"""The only permission table: which role may do what. What is not listed is refused."""

from portal.core.errors import NotAllowed
from portal.roles.actors import Actor
from portal.roles.models import Role

NURSE, RADIOGRAPHER, READER, ASSESSOR = Role.NURSE, Role.RADIOGRAPHER, Role.READER, Role.ASSESSOR
DATA_MANAGER, ANALYST, PI, CUSTODIAN = Role.DATA_MANAGER, Role.ANALYST, Role.PI, Role.CUSTODIAN
MONITOR, AUDITOR, ADMIN = Role.MONITOR, Role.AUDITOR, Role.ADMIN

WHO_MAY: dict[str, frozenset[str]] = {
    # the house
    "site.add": frozenset({ADMIN, PI}),
    "site.view": frozenset(Role.values),
    "person.view": frozenset({ADMIN, PI, DATA_MANAGER, MONITOR}),
    "person.invite": frozenset({ADMIN, PI}),
    "person.close": frozenset({ADMIN}),
    "person.reset_factor": frozenset({ADMIN}),
    "role.grant": frozenset({ADMIN, PI}),
    "role.end": frozenset({ADMIN, PI}),
    "audit.view": frozenset({MONITOR, AUDITOR, DATA_MANAGER, PI}),
    "audit.export": frozenset({MONITOR, AUDITOR}),
    "job.view": frozenset(Role.values),
    "job.start_demonstration": frozenset({ADMIN, ANALYST, DATA_MANAGER}),
    "job.cancel": frozenset({ADMIN, ANALYST, DATA_MANAGER}),
    "job.try_again": frozenset({ADMIN, ANALYST, DATA_MANAGER}),
    # the study
    "study.view": frozenset(Role.values),
    "study.set_up": frozenset({PI, DATA_MANAGER}),
    "study.add_approval": frozenset({PI, DATA_MANAGER}),
    "study.add_device": frozenset({PI, DATA_MANAGER, RADIOGRAPHER}),
    "study.open_enrolment": frozenset({PI}),
    "study.close_enrolment": frozenset({PI}),
    "draw.give_nonce": frozenset({CUSTODIAN}),
    # the people we study
    "participant.list": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER, PI, MONITOR}),
    "participant.view": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER, PI, MONITOR}),
    "participant.screen": frozenset({NURSE}),
    "participant.enrol": frozenset({NURSE}),
    "identity.reveal": frozenset({NURSE, PI}),
    "consent.give": frozenset({NURSE}),
    "consent.withdraw": frozenset({NURSE, PI}),
}

# What the system's own actors may do, by name. They are nobody's way around the table above.
SYSTEM_MAY: dict[str, frozenset[str]] = {
    "setup": frozenset({"site.add", "role.grant", "person.invite", "study.set_up"}),
    "clock": frozenset(),
    "worker": frozenset(),
}


def may(actor: Actor, action: str, site_pk: int | None = None) -> bool:
    """True if the actor holds a role that may do this (at this site, if one is named).

    An action nobody listed is a slip of the programmer: KeyError, not a silent no.
    """
    if actor.is_system:
        return action in SYSTEM_MAY[actor.name]
    return actor.holds(WHO_MAY[action], site_pk)


def require(actor: Actor, action: str, site_pk: int | None = None) -> None:
    """Raise NotAllowed unless the actor may do this (at this site, if one is named)."""
    if may(actor, action, site_pk):
        return
    wanted = ", ".join(sorted(Role(role).label.lower() for role in WHO_MAY[action]))
    raise NotAllowed(f"'{action}' is for: {wanted}. {_who(actor)}")


def _who(actor: Actor) -> str:
    if not actor.held:
        return "You hold no role today."
    return "You are: " + ", ".join(sorted(Role(role).label.lower() for role in actor.roles)) + "."
