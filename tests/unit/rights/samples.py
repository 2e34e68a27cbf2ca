"""What stands in an address: for every route of the project the values of its arguments, of one client.

Rules go by the beginning of a route's name and the argument's name, the longest beginning first. A route that no rule
fits has no sample, and the walk fails.
"""

from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from bridge.hub.models import (
    Candidate,
    Conflict,
    Double,
    DoubleSearch,
    HeldCause,
    Letter,
    MappingFile,
    Membership,
    Merge,
    ReportPlan,
    User,
)
from bridge.jobs import helping
from tests import factories
from tests.unit.portal.conftest import Place, furnish
from tests.unit.rights.routes import Route


@dataclass
class World:
    """One client with a row of every kind an address can name. `secret` stands in its own data only."""

    place: Place
    rows: dict[str, Any] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        return self.place.secret


def world(name: str, secret: str) -> World:
    """Make a client with everything."""
    place = furnish(name, secret)
    pair, made = place.integration, {}
    made["organization"], made["membership"] = place.organization, place.member
    made["integration"], made["connection"] = pair, place.connection
    made["question"] = place.question
    made["help"] = helping.ask(pair, "settings", f"Help {secret}", place.member.user)
    made["run"] = factories.run(pair, state="planned")
    jane, john = (factories.record(pair.left, name=f"{given} {secret}") for given in ("Joan", "John"))
    made["record"], made["record2"], members = (
        jane,
        john,
        [factories.record(pair.right, "buyers", name=f"M {secret}") for _ in range(2)],
    )
    factories.change(made["run"], source=jane, title=f"Planned {secret}", state="planned")
    factories.change(made["run"], title=f"Held {secret}", state="held", code="TAX-UNMAPPED")
    made["held"] = HeldCause.objects.create(integration=pair, cause="TAX-UNMAPPED", assigned_to=place.member.user)
    made["link"] = factories.link(pair, jane, members[0])
    made["conflict"] = Conflict.objects.create(link=made["link"], field="phone")
    made["exclusion"] = factories.exclusion(pair, jane, f"Why {secret}")
    made["candidate"] = Candidate.objects.create(
        integration=pair, entity="contact", left=john, right=members[1], score="0.5"
    )
    made["double"] = Double.objects.create(
        connection=pair.left, entity="contact", left=jane, right=john, score="0.9", parts=[]
    )
    twins = [factories.record(pair.left, name=f"Twin {secret}") for _ in range(2)]
    made["merge"] = Merge.objects.create(connection=pair.left, entity="contact", keep=twins[0], drop=twins[1])
    made["search"] = DoubleSearch.objects.create(connection=pair.left, state="done")
    shop = factories.connection(place.organization, "magento", account_name=f"Shop {secret}")
    made["shop"] = factories.integration(
        place.organization, recipe="quickbooks_magento", left=factories.connection(place.organization), right=shop
    )
    made["value"] = made["shop"].value_maps.create(kind="tax", source_key=f"TVQ {secret}")
    made["file"] = MappingFile.objects.create(
        integration=made["shop"], what="values", name=f"{secret}.csv", state="checked"
    )
    made["event"] = factories.event(pair.left)
    made["report"] = place.report
    made["plan"] = ReportPlan.objects.create(organization=place.organization)
    made["letter"] = Letter.objects.create(
        user=place.member.user, kind="notices", key=f"notices:{secret}", error="lost"
    )
    made["person"] = place.member.user
    made["key"] = Authenticator.objects.create(user=place.member.user, type="webauthn", data={"name": secret})
    return World(place, made)


# Beginning of a route's name -> the kind of row its "pk" (or other number) is.
NUMBERS: dict[str, str] = {
    "admin:connection": "connection",
    "admin:integration": "integration",
    "admin:setup": "integration",
    "admin:documents": "integration",
    "admin:imports": "integration",
    "admin:import_": "integration",
    "admin:mappings": "shop",
    "admin:mapping": "shop",
    "admin:mapping_value:row": "value",
    "admin:mapping_file": "file",
    "admin:mapping_files": "shop",
    "admin:mapping_file_export": "shop",
    "admin:readiness": "integration",
    "admin:reconciliation": "integration",
    "admin:rules_text": "integration",
    "admin:help_request": "integration",
    "admin:help_close": "help",
    "admin:run": "run",
    "admin:health_release": "run",
    "admin:health_letter": "letter",
    "admin:record": "record",
    "admin:record_include:exclusion_pk": "exclusion",
    "admin:record_relink:link_pk": "link",
    "admin:duplicate": "candidate",
    "admin:duplicate_merge": "double",
    "admin:duplicates_merge": "merge",
    "admin:duplicates_unmerge": "merge",
    "admin:duplicates_prepare": "merge",
    "admin:duplicates_split": "link",
    "admin:duplicates_documents": "record",
    "admin:duplicates_search": "search",
    "admin:conflict": "conflict",
    "admin:invit": "person",
    "admin:see_as": "organization",
    "admin:hub_vendorapp": "vendorapp",
    "admin:hub_organization": "organization",
    "admin:hub_user": "person",
    "admin:hub_record": "record",
    "admin:hub_reportplan": "plan",
    "mfa_": "key",
    "portal::organization": "organization",
    "portal:question:pk": "question",
    "portal:connect:pk": "connection",
    "portal:report:pk": "report",
    "portal:revoke:pk": "connection",
    "portal:member_:pk": "membership",
    "portal:documents:integration": "integration",
    "portal:differences_comment:integration": "integration",
}
# Arguments that are words, with one that is known; by name, or by the beginning of the route and the name.
WORDS: dict[str, str] = {
    "entity": "contact",
    "step": "settings",
    "kind": "tax",
    "admin:duplicate:kind": "between",
    "admin:duplicate_merge:kind": "inside",
    "code": "TAX-UNMAPPED",
    "side": "left",
    "vendor": "quickbooks",
    "secret": "nobody-knows-this",
    "admin:help_topic:recipe": "quickbooks_mailchimp",
    "admin:help_topic:topic": "",
    "admin:import_:key": "none",
    "key": "1-nobody-knows-this",
    "uidb36": "1",
    "provider_id": "nobody",
    "app_label": "hub",
    "url": "nothing/here/",
}

# What has to be told besides the address, as {"get": query, "post": body}; "{kind}" is the number of such a row.
BODIES: dict[str, dict[str, dict[str, str]]] = {
    "admin:run_plan_act": {"post": {"do": "approve"}},
    "admin:setup_flows": {"post": {"entity": "contact"}},
    "admin:held_care": {"post": {"do": "assign", "cause": "TAX-UNMAPPED"}},
    "admin:duplicates_bulk": {"post": {"do": "never", "pair": "{candidate}"}},
    "admin:duplicates_suspect": {"post": {"left": "{record}", "right": "{record2}"}},
    "admin:duplicates_search": {"post": {"connection": "{connection}"}},
    "admin:duplicate_decide": {"post": {"decision": "never"}},
    "admin:simulators_act": {"post": {"do": "clear"}},
    "admin:mapping_file_export": {"get": {"what": "values"}},
}


def told_besides(route: Route, method: str, world: World) -> dict[str, str]:
    """Return what goes along with a request for this route."""
    numbers = {kind: row.pk for kind, row in world.rows.items()}
    found = BODIES.get(route.name, {}).get("get" if method == "head" else method, {})
    return {name: value.format_map(numbers) for name, value in found.items()}


def _longest(table: dict[str, Any], route: Route, argument: str) -> Any:
    fitting = []
    for rule, value in table.items():
        parts = rule.rsplit(":", 1) if rule.count(":") > 1 else [rule, ""]
        if route.name.startswith(parts[0]) and parts[1] in ("", argument):
            fitting.append((bool(parts[1]), len(parts[0]), value))
    return max(fitting, key=lambda item: item[:2])[2] if fitting else None


def kind_of(route: Route, argument: str) -> str:
    """Return the kind of row a number in an address names; KeyError for a route without a sample."""
    found = _longest(NUMBERS, route, argument)
    if found is None and argument == "pk" and route.pattern.startswith("admin/integrations/<int:pk>/"):
        return "integration"
    if found is None:
        raise KeyError(f"{route.name} has no sample for <{argument}>: add a rule to tests/unit/rights/samples.py")
    return str(found)


def is_number(route: Route, argument: str, converter: str) -> bool:
    """Tell whether an argument names a row."""
    return converter == "IntConverter" or (argument == "object_id" and route.is_model)


def word_of(route: Route, argument: str) -> str:
    """Return a known word for an argument; KeyError where there is none."""
    found = _longest({key: value for key, value in WORDS.items() if key.count(":") > 1}, route, argument)
    return WORDS[argument] if found is None else str(found)


def signed_in(person: User | None) -> Client:
    """Return a browser of this person; of nobody for None."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return client


def member(of: World, role: str) -> User:
    """Return somebody of a client in a role."""
    made = factories.client_person(of.place.organization)
    Membership.objects.filter(user=made).update(role=role)
    return made
