"""What a set and its writer must say: one that leaves it out cannot be made."""

import pytest

from bridge.jobs.mapping_planning import MappingSet
from bridge.jobs.mapping_sets import SETS
from bridge.jobs.mapping_writers import WRITERS, Writer
from tests import factories


@pytest.mark.parametrize("kind", [MappingSet, Writer])
def test_what_leaves_its_work_to_others_is_refused_when_it_is_made(kind):
    with pytest.raises(TypeError, match="abstract"):
        kind(None, None, None) if kind is Writer else kind(None)


@pytest.mark.django_db
def test_every_set_can_be_made_and_has_a_writer():
    pair = factories.integration()
    assert set(SETS) == set(WRITERS)
    for what, kind in SETS.items():
        assert WRITERS[what](pair, kind(pair), None).stamps() == {}
