"""A shop whose values are mapped, and a pair of address books: what travels as files."""

import pytest
from django.utils import timezone

from bridge.hub.models import Flow, Integration, MappingFile, ReferenceList, ValueMap
from bridge.jobs import mapping_files
from tests import corner_shop, factories

CHOICES = [("1", "TPS/TVQ QC"), ("2", "TPS"), ("9", "Hors champ"), ("007", "Détaxé à l’export")]


@pytest.fixture
def shop(monkeypatch, settings):
    """The shop, known to the registry."""
    with corner_shop.open_shop(monkeypatch, settings) as opened:
        yield opened


@pytest.fixture
def ann(db):
    """A person of the house who reads English."""
    return factories.staff(first_name="Ann", language="en")


@pytest.fixture
def line_fr(db):
    """A person of the house who reads French."""
    return factories.staff(first_name="Line", language="fr")


def offer(at, key, choices):
    """A list as it was last read."""
    rows = [{"id": one, "label": label, "active": True, "gone": False, "facts": {}} for one, label in choices]
    ReferenceList.objects.update_or_create(
        connection=at, key=key, defaults={"choices": rows, "read_at": timezone.now()}
    )


def make_shop_pair(owner=None, choices=CHOICES):
    """A shop and books whose lists were read; nothing is mapped yet."""
    owner = owner or factories.organization()
    left = factories.connection(owner, "corner_shop")
    right = factories.connection(owner, "quickbooks")
    made = Integration.objects.create(
        organization=owner, recipe="corner_shop_books", left=left, right=right, state="active", settings={}
    )
    Flow.objects.create(integration=made, entity="sale")
    for key in ("tax_codes", "payment_methods", "classes"):
        offer(right, key, choices)
    return made


@pytest.fixture
def shop_pair(shop, db):
    """The pair, with three taxes: one mapped, one suggested, one missing."""
    made = make_shop_pair()
    value(made, "TPS+TVQ", "TPS et TVQ", target_id="1", target_label="TPS/TVQ QC", confirmed=True)
    value(made, "TPS", "TPS seule", target_id="2", target_label="TPS")
    value(made, "none", "Hors taxe – à l’export")
    return made


def value(of, key, label="", kind="tax", **more):
    """One value that was met."""
    return ValueMap.objects.create(
        integration=of,
        kind=kind,
        source_key=key,
        source_label=label or f"Tax {key}",
        last_seen_on=factories.today(),
        **more,
    )


@pytest.fixture
def books_pair(db):
    """Customers and members, three of each, nothing linked."""
    made = factories.integration()
    for at, resource in ((made.left, "customers"), (made.right, "members")):
        for number in (1, 2, 3):
            factories.record(
                at, resource, remote_id=f"00{number}", name=f"Zoë Invented {number}",
                scope="" if resource == "customers" else SCOPE,
            )  # fmt: skip
    made.settings = {"audience": SCOPE}
    made.save()
    return made


SCOPE = "aud1"


def csv_text(integration, what, language="en"):
    """An export as CSV text, without its mark."""
    return "".join(mapping_files.csv_of(mapping_files.exported(integration, what, language), language))


def sent(integration, what, content, user, name="mapping.csv", run=True):
    """A file uploaded and checked."""
    raw = content if isinstance(content, bytes) else content.encode()
    made = mapping_files.upload(integration, what, name, raw, user)
    if run and made.state == MappingFile.State.CHECKING:
        mapping_files.work(made.pk)
    made.refresh_from_db()
    return made


def done(file, user, only_valid=False):
    """The same file carried out."""
    mapping_files.confirm(file, user, only_valid)
    mapping_files.work(file.pk)
    file.refresh_from_db()
    return file


def returned(file, user):
    """The same file taken back."""
    mapping_files.take_back(file, user)
    mapping_files.work(file.pk)
    file.refresh_from_db()
    return file
