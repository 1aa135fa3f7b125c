"""What a rule says of each test participant, read in the scorer's process alone, under its own database role.

Row policies let that role see the forms that a sealed evaluation's protocol names, of test participants, until the
lock; to every other process they are closed. Nothing read here is kept but the place on the rule's scale.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.views.decorators.debug import sensitive_variables

from cohort.crf.models import OutcomeRecord
from cohort.labels.services import BASELINE, COUNTED
from cohort.participants.models import Visit
from modelling.blinded.baselines import Baseline, fill_gaps


@sensitive_variables()
def place_people(rule: Baseline, people: Collection[UUID]) -> Mapping[UUID, float] | None:
    """Return each person's place by a rule; None where fewer than half of them have its value."""
    # No order: the scorer's role may read these columns of visits and no others.
    visits = set(
        Visit.objects.filter(participant__in=people, code__in=BASELINE).order_by().values_list("pk", flat=True)
    )
    rows: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    records = OutcomeRecord.objects.using(DEFAULT_DB_ALIAS).filter(form=rule.form, state__in=COUNTED)
    found = records.filter(participant_id__in=people).order_by("participant_id", "visit_id", "number")
    for person, visit, answers in found.values_list("participant_id", "visit_id", "answers"):
        if visit in visits:
            rows[person].append(answers)
    return fill_gaps({person: rule.read(rows[person]) for person in people})
