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
    "study.name_wedge": frozenset({PI, DATA_MANAGER, RADIOGRAPHER}),
    "study.open_enrolment": frozenset({PI}),
    "study.close_enrolment": frozenset({PI}),
    "draw.give_nonce": frozenset({CUSTODIAN}),
    # the people we study
    "participant.list": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER, PI, MONITOR}),
    "participant.view": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER, PI, MONITOR}),
    "participant.screen": frozenset({NURSE}),
    "participant.enrol": frozenset({NURSE}),
    "identity.reveal": frozenset({NURSE, PI}),
    "consent.give": frozenset({NURSE}),
    "consent.withdraw": frozenset({NURSE, PI}),
    # visits and case report forms; answers that tell of an outcome have lines of their own
    "visit.view": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER, PI, MONITOR}),
    "visit.begin": frozenset({NURSE, RADIOGRAPHER}),
    "visit.miss": frozenset({NURSE}),
    "record.view": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER, PI, MONITOR}),
    "record.enter": frozenset({NURSE}),
    "record.enter_imaging": frozenset({NURSE, RADIOGRAPHER}),
    "record.reopen": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER}),
    "record.sign": frozenset({PI}),
    # Not the PI: who judges a model does not see the outcome of a test participant (DECISIONS 2).
    "outcome.view": frozenset({NURSE, ASSESSOR, DATA_MANAGER, MONITOR}),
    "outcome.view_imaging": frozenset({NURSE, RADIOGRAPHER, ASSESSOR, DATA_MANAGER, MONITOR}),
    "outcome.enter": frozenset({NURSE, ASSESSOR}),
    "outcome.enter_imaging": frozenset({NURSE, RADIOGRAPHER, ASSESSOR}),
    "outcome.sign": frozenset({ASSESSOR}),
    # images
    "image.view": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER, PI, MONITOR}),
    "image.facts": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER}),
    "image.upload": frozenset({NURSE, RADIOGRAPHER}),
    "image.grade": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER}),
    "image.overrule_header": frozenset({DATA_MANAGER}),
    "image.add_reference": frozenset({DATA_MANAGER, PI}),
    "image.conclude": frozenset(),  # the worker's own, once it has read the files
    # what is measured in images; values of a DXA are outcomes and ask `outcome.view_imaging` too
    "measurement.view": frozenset({NURSE, RADIOGRAPHER, DATA_MANAGER, PI, MONITOR}),
    "measurement.record": frozenset(),  # the worker's own, once a job has measured
    "measuring.launch": frozenset(),  # the clock's own, for images nobody has measured yet
    "strength.ask": frozenset({DATA_MANAGER}),  # minutes of the machine; the same person may stop the job
    # questions about what was filled in: no analyst and no PI, since a question can tell an outcome
    "query.view": frozenset({NURSE, DATA_MANAGER, MONITOR}),
    "query.raise": frozenset({DATA_MANAGER, MONITOR}),
    "query.answer": frozenset({NURSE}),
    "query.close": frozenset({DATA_MANAGER, MONITOR}),
    # blinded evaluations: who proposes and who approves each step (TRUST 1.4)
    "evaluation.view": frozenset({DATA_MANAGER, ANALYST, PI, CUSTODIAN, MONITOR, AUDITOR}),
    "evaluation.draft": frozenset({PI}),
    "evaluation.make_key": frozenset({PI}),
    "evaluation.propose_open": frozenset({PI}),
    "evaluation.open": frozenset({CUSTODIAN}),
    "evaluation.propose_seal": frozenset({DATA_MANAGER}),
    "evaluation.seal": frozenset({CUSTODIAN}),
    "evaluation.enter_model": frozenset({ANALYST}),
    "evaluation.rehearse": frozenset({ANALYST, DATA_MANAGER}),
    "evaluation.propose_submit": frozenset({ANALYST}),
    "evaluation.submit": frozenset({DATA_MANAGER}),
    "evaluation.propose_lock": frozenset({PI}),
    "evaluation.lock": frozenset({CUSTODIAN}),
    "evaluation.reveal": frozenset({CUSTODIAN}),
    "evaluation.propose_report": frozenset({PI}),
    "evaluation.report": frozenset({AUDITOR}),
    "evaluation.propose_archive": frozenset({DATA_MANAGER}),
    "evaluation.archive": frozenset({PI}),
    "evaluation.propose_void": frozenset({PI, DATA_MANAGER}),
    "evaluation.void": frozenset({CUSTODIAN}),
    "evaluation.take_public": frozenset({DATA_MANAGER, ANALYST, PI, CUSTODIAN, MONITOR, AUDITOR}),
    "evaluation.take_restricted": frozenset({CUSTODIAN, AUDITOR}),
    "custody.register": frozenset({CUSTODIAN}),
    "report.keep": frozenset({PI, DATA_MANAGER}),
    # data sets
    "snapshot.view": frozenset({ANALYST, PI, DATA_MANAGER}),
    "snapshot.build": frozenset({ANALYST, DATA_MANAGER}),
    "snapshot.build_test": frozenset({DATA_MANAGER, CUSTODIAN}),  # once the labels are sealed
    "study.import": frozenset({PI, DATA_MANAGER}),
    # models
    "run.view": frozenset({ANALYST, PI, DATA_MANAGER}),
    "run.start": frozenset({ANALYST}),
    "run.cancel": frozenset({ANALYST, DATA_MANAGER}),
    "run.go_on": frozenset(),  # the clock's own, once the snapshot is built
    "model.view": frozenset({ANALYST, PI, DATA_MANAGER, CUSTODIAN, MONITOR, AUDITOR}),
    "model.take": frozenset({ANALYST, DATA_MANAGER}),
    "model.try": frozenset({ANALYST, PI, DATA_MANAGER}),
    "model.register": frozenset(),  # the worker's own, once a run has finished
}

# What the system's own actors may do, by name. They are nobody's way around the table above.
SYSTEM_MAY: dict[str, frozenset[str]] = {
    "setup": frozenset({"site.add", "role.grant", "person.invite", "study.set_up", "image.add_reference"}),
    "clock": frozenset({"image.conclude", "measuring.launch", "run.go_on"}),
    "worker": frozenset({"image.conclude", "measurement.record", "model.register"}),
    # The one state the scorer writes: what two custodians opened together.
    "scorer": frozenset({"evaluation.reveal"}),
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
