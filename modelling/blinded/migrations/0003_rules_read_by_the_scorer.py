"""The scorer reads what the protocol's rules want: of test participants, while the evaluation is sealed or handed in.

The policy asks for the form by name and for an evaluation of the person's own study whose protocol names it: without
one, and from the lock on, the closed schema is as closed to the scorer as to anybody. It may add predictions that
no model was entered for, and change none.
"""

from django.db import migrations

from portal.audit.tables import RunStatements

READ = """
CREATE POLICY scorer_sees_what_rules_want ON outcome.record FOR SELECT TO tb_scorer USING (
    form IN ('dxa', 'rsk') AND vault.part_of(participant_id) = 'test' AND EXISTS (
        SELECT FROM public.participants_participant p JOIN public.blinded_evaluation e ON e.study_id = p.study_id
        WHERE p.id = participant_id AND e.state IN ('sealed', 'submitted')
          AND e.protocol #> '{baselines,rules}' @> jsonb_build_array(jsonb_build_object('form', form))))
"""
ADD = """
CREATE POLICY scorer_adds_rules ON vault.prediction FOR INSERT TO tb_scorer WITH CHECK (
    EXISTS (SELECT FROM public.blinded_evaluation e WHERE e.id = evaluation_id AND e.state IN ('sealed', 'submitted'))
    AND NOT EXISTS (SELECT FROM public.blinded_submission s WHERE s.id = submission_id))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("blinded", "0002_guards_grants_and_audit"),
        ("crf", "0002_guards_policies_and_audit"),
        ("participants", "0004_visit_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                "GRANT USAGE ON SCHEMA outcome TO tb_scorer",
                "GRANT SELECT (participant_id, visit_id, form, number, state, answers) ON outcome.record TO tb_scorer",
                "GRANT SELECT (id, study_id) ON participants_participant TO tb_scorer",
                "GRANT SELECT (id, participant_id, code) ON participants_visit TO tb_scorer",
                "GRANT INSERT ON vault.prediction TO tb_scorer",
                READ,
                ADD,
            ]
        )
    ]
