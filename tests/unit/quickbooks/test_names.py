"""What people read as the vendor's name of a field is where its value comes from."""

import pytest

from bridge.engine.kinds import fields_of
from connectors.quickbooks import CONNECTOR

NAMED = [item for item in CONNECTOR.resources if item.wires]
PROBES = {"Line": [], "CustomerRef": {"value": "7"}, "PaymentMethodRef": {"value": "7", "name": "Cheque"},
          "BillAddr": {"Line1": "1 Invented Street"},
          "TrackQtyOnHand": True, "Active": True, "Taxable": True, "TxnDate": "2026-11-21",
          "DueDate": "2026-11-21", "MetaData.CreateTime": "2026-11-21T10:00:00-05:00"}  # fmt: skip


def document(path, value):
    """A document with a value at a dotted path, and what every document has."""
    *parents, last = path.split(".")
    found = inside = {"Id": "1", "TrackQtyOnHand": True}
    for part in parents:
        inside = inside.setdefault(part, {})
    inside[last] = value
    return found


def test_the_resources_people_map_have_names():
    assert {item.name for item in NAMED} == {"customers", "items", "invoices", "sales_receipts", "payments"}


@pytest.mark.row("H-12")
@pytest.mark.parametrize(
    ("resource", "name", "path"), [(item, name, path) for item in NAMED for name, path in item.wires.items()]
)
def test_a_value_put_at_the_named_place_is_the_fields_value(resource, name, path):
    assert name in fields_of(resource.entity)
    value = PROBES.get(path, "12.50")
    told = resource.parse(document(path, value)).values
    empty = resource.parse({"Id": "1"}).values
    assert told.get(name) not in (None, "") and (path in ("Line", "Active") or told[name] != empty.get(name))
