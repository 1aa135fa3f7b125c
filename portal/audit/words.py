"""What acts and reads are called on pages (pure). Every action of the permission table has its words; a test sweeps."""

ACTIONS: dict[str, str] = {
    "site.add": "added a site",
    "person.invite": "invited somebody",
    "person.close": "closed or reopened an account",
    "person.reset_factor": "made a new sign-in link",
    "role.grant": "gave a role",
    "role.end": "ended a role",
    "job.start_demonstration": "started a demonstration job",
    "job.cancel": "stopped a job",
    "job.try_again": "had a job tried again",
    "study.set_up": "set up or changed a study",
    "study.add_approval": "recorded an approval or a consent form",
    "study.add_device": "added a device",
    "study.open_enrolment": "opened enrolment",
    "study.close_enrolment": "closed enrolment",
    "draw.give_nonce": "gave a share of the draw",
    "participant.screen": "screened somebody",
    "participant.enrol": "enrolled a participant",
    "consent.give": "recorded a consent",
    "consent.withdraw": "recorded a withdrawal",
    "account.page": "used their own account",
    "account.sign_in": "signed in",
    "account.join": "joined by a link",
    "house.set_up": "set up the house",
    "audit.restore": "restored a backup",
    "job.run": "ran a job",
    "job.sweep": "cleared up after jobs",
}
"""Action → what the actor did, after the name: `Nora Nurse enrolled a participant`."""

ONLY_LOOKING = frozenset(
    {
        "site.view",
        "person.view",
        "audit.view",
        "audit.export",
        "job.view",
        "study.view",
        "participant.list",
        "participant.view",
        "identity.reveal",
    }
)
"""Lines of the permission table that open pages or files and are no acts; of closed things the look is counted."""

READS: dict[str, str] = {
    "identity": "who a participant is",
    "audit.bundle": "the ledger, as a file",
}
"""What was looked at → in words."""

CLOSED_WRITES: dict[str, tuple[str, ...]] = {
    "participant.enrol": ("identity", "vault"),
    "draw.give_nonce": ("vault",),
    "study.open_enrolment": ("vault",),
}
"""Acts that write into closed schemas too, so that a page can say so without reading there."""

ZONES: dict[str, str] = {
    "public": "open",
    "identity": "identity",
    "outcome": "outcome",
    "vault": "draw and labels",
}
"""Schema → its name on pages."""

OPERATIONS: dict[str, str] = {"INSERT": "added", "UPDATE": "changed", "DELETE": "removed"}


def say_action(action: str) -> str:
    """Return what was done; an action without words of its own is shown as it is stored."""
    return ACTIONS.get(action, action)


def say_read(what: str) -> str:
    """Return what was looked at."""
    return READS.get(what, what)
