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
    "study.name_wedge": "named a step wedge",
    "study.open_enrolment": "opened enrolment",
    "study.close_enrolment": "closed enrolment",
    "draw.give_nonce": "gave a share of the draw",
    "participant.screen": "screened somebody",
    "participant.enrol": "enrolled a participant",
    "consent.give": "recorded a consent",
    "consent.withdraw": "recorded a withdrawal",
    "visit.begin": "began a visit",
    "visit.miss": "recorded a missed visit",
    "record.enter": "filled in a form",
    "record.reopen": "opened a form again",
    "record.sign": "signed a form",
    "image.upload": "brought images",
    "image.grade": "judged an image series",
    "image.overrule_header": "overruled the side in a header",
    "image.add_reference": "added a reference image",
    "image.conclude": "took images in, or refused them",
    "measurement.record": "wrote down measured values",
    "measuring.launch": "had images measured",
    "strength.ask": "had the strength of a bone computed",
    "query.raise": "raised a query",
    "query.answer": "answered a query",
    "query.close": "closed or reopened a query",
    "model.try": "tried a model on an image",
    "evaluation.draft": "drafted or changed an evaluation",
    "evaluation.make_key": "asked for or made a sealing key",
    "evaluation.propose_open": "proposed to open an evaluation",
    "evaluation.open": "opened an evaluation",
    "evaluation.propose_seal": "proposed to seal the labels",
    "evaluation.seal": "had the labels sealed",
    "evaluation.enter_model": "entered a model into an evaluation",
    "evaluation.rehearse": "had an evaluation rehearsed",
    "evaluation.propose_submit": "proposed to hand in the models",
    "evaluation.submit": "took the models in",
    "evaluation.propose_lock": "proposed to lock an evaluation",
    "evaluation.lock": "locked an evaluation",
    "evaluation.reveal": "took part in a reveal",
    "evaluation.propose_report": "proposed the report",
    "evaluation.report": "accepted the report",
    "evaluation.propose_archive": "proposed to archive an evaluation",
    "evaluation.archive": "archived an evaluation",
    "evaluation.propose_void": "proposed to void an evaluation",
    "evaluation.void": "voided an evaluation",
    "custody.register": "registered a custody key",
    "report.keep": "kept a report",
    "run.start": "started a training run",
    "run.cancel": "stopped a training run",
    "run.go_on": "began a run that waited for its snapshot",
    "model.register": "registered a model version",
    "snapshot.build": "asked for a snapshot",
    "snapshot.build_test": "asked for the test inputs",
    "study.import": "imported a public table",
    "account.page": "used their own account",
    "account.sign_in": "signed in",
    "account.join": "joined by a link",
    "house.set_up": "set up the house",
    "audit.restore": "restored a backup",
    "job.run": "ran a job",
    "job.sweep": "cleared up after jobs",
}
"""Action → what the actor did, after the name: `Nora Nurse enrolled a participant`."""

# Entering an outcome, or a scan's form, is told by the same words as any form: that there is one can be the label.
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
        "visit.view",
        "record.view",
        "record.enter_imaging",
        "outcome.view",
        "outcome.view_imaging",
        "outcome.enter",
        "outcome.enter_imaging",
        "outcome.sign",
        "image.view",
        "image.facts",
        "measurement.view",
        "query.view",
        "snapshot.view",
        "run.view",
        "model.view",
        "model.take",
        "evaluation.view",
        "evaluation.take_public",
        "evaluation.take_restricted",
    }
)
"""Lines of the permission table that open pages or files and are no acts; of closed things the look is counted."""

READS: dict[str, str] = {
    "identity": "who a participant is",
    "series": "images of a participant",
    "measurements": "what was measured in a participant's images",
    "audit.bundle": "the ledger, as a file",
    "evaluation.public": "an evaluation, as the public file",
    "evaluation.restricted": "labels and predictions of an evaluation, as the restricted file",
    "outcome": "an outcome form of a participant",
    "reference.gallery": "the reference gallery",
    "reference.file": "a reference image, as a file",
    "who_can_know": "who can know what",
}
"""What was looked at → in words."""

TELLING_ACTIONS = frozenset(
    {"record.enter", "record.reopen", "record.sign", "query.raise", "query.answer", "query.close"}
)
"""Acts that tell an outcome by being there: who never broke a bone has one line about fractures, who did has nine.
Who may see no outcome may see no query either (portal.roles.policy), so those that are raised are no hint to them."""

TELLING_READS = frozenset({"outcome"})
"""Looks that tell as much: the more there is in a closed form, the more often it is opened."""

TELLING_ZONES = frozenset({"outcome"})
"""Zones whose number of events tells, act by act, what was entered."""

CLOSED_WRITES: dict[str, tuple[str, ...]] = {
    "participant.enrol": ("identity", "vault"),
    "draw.give_nonce": ("vault",),
    "study.open_enrolment": ("vault",),
    "study.import": ("outcome", "vault"),
    "evaluation.make_key": ("vault",),
    "evaluation.seal": ("vault",),
    "evaluation.rehearse": ("vault",),
    "evaluation.reveal": ("vault",),
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
