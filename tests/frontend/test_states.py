"""Every state of every table has a tone somebody chose."""

from django.apps import apps

from frontend.icons import LINES
from frontend.states import TONE_OF, TONES, tone_of


def states_of_all_tables() -> set[str]:
    fields = [field for model in apps.get_models() for field in model._meta.fields if field.name == "state"]
    return {str(value) for field in fields if field.choices for value, _ in field.flatchoices}


def test_every_stored_state_has_a_tone():
    found = states_of_all_tables()
    assert {"enrolling", "withdrawn", "queued"} <= found
    assert not sorted(found - TONE_OF.keys()), "give these states a tone in frontend/states.py"


def test_every_tone_is_used_and_has_a_shape_of_its_own():
    assert set(TONE_OF.values()) == set(TONES)
    assert len({LINES[tone] for tone in TONES}) == len(TONES)


def test_a_state_nobody_listed_speaks_plainly():
    assert tone_of("brand-new") == "plain"


def test_writing_makes_no_difference():
    assert tone_of("In Progress") == tone_of("in-progress") == tone_of("in_progress") == "busy"
