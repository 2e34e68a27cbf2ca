"""What two lines have in common when an approval is carried over: every word, or it is asked again."""

import pytest

from bridge.jobs.approvals import COLUMNS, _told

LINE = {
    "pk": 1, "source_id": 7, "action": "create", "toward": "right", "entity": "contact", "target_id": None,
    "resource": "members", "remote_id": "", "rules_version": 3, "based_on": "abc:",
    "after": {"given_name": "Zoé", "lines": [{"amount": "5", "sku": "A"}]}, "approved_by_id": 4,
}  # fmt: skip


def row(**more):
    return tuple({**LINE, **more}[name] for name in COLUMNS)


def test_the_same_words_are_the_same_line_whoever_approved_it_and_in_whatever_order_they_stand():
    turned = {"lines": [{"sku": "A", "amount": "5"}], "given_name": "Zoé"}
    assert _told(row()) == _told(row(pk=99, approved_by_id=None, after=turned))


@pytest.mark.parametrize(
    "change",
    [{"after": {"given_name": "Ondine"}}, {"based_on": "def:"}, {"rules_version": 4}, {"action": "update"},
     {"target_id": 8}, {"toward": "left"}, {"source_id": 8}],
)  # fmt: skip
def test_anything_else_is_another_line(change):
    assert _told(row()) != _told(row(**change))
