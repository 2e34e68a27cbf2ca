"""The pages of what is kept in step: states, recommended sets, both filters, fields both ways, documents' origin."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from bridge.hub.models import Change, Connection, Integration, Run
from bridge.jobs import filtering, flowing
from bridge.jobs import integrations as work
from tests import corner_crm, factories


@pytest.fixture
def ann(client: Client, person) -> Client:
    """A person of the house, signed in."""
    client.force_login(person)
    return client


def words(answer) -> str:
    text = re.sub(r"<(script|style|datalist).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text).replace("\u00a0", " ")


def page(name, pair, *more):
    return reverse(f"admin:{name}", args=[pair.pk, *more])


def condition(path, field, test, value=""):
    return {f"kind:{path}": "if", f"field:{path}": field, f"test:{path}": test, f"value:{path}": value}


ALL = ("setup_flows", "setup_flow", "setup_fields", "setup_filter", "setup_filter_back", "documents")


def addresses(pair):
    found = []
    for name in ALL:
        entity = {"setup_flows": (), "documents": ("sale",)}.get(name, ("contact",))
        found.append(page(name, pair, *entity))
    return found


def test_every_page_opens_in_both_languages_and_stays_quick(ann, person, pair, people, django_assert_max_num_queries):
    filtering.apply_preset(pair.flows.get(entity="contact"), corner_crm.RECOMMENDED, person)
    for language in ("en", "fr"):
        person.language = language
        person.save(update_fields=["language"])
        for address in addresses(pair):
            with django_assert_max_num_queries(40):
                answer = ann.get(address)
            assert answer.status_code == 200, address
            assert f'<html lang="{language}"' in answer.content.decode()


def test_another_entity_or_a_way_that_is_not_gone_is_not_found(ann, pair):
    assert ann.get(page("setup_flow", pair, "deal")).status_code == 404
    assert ann.get(page("documents", pair, "deal")).status_code == 404
    assert ann.get(page("setup_filter_back", pair, "contact"))["Location"] == page("setup_filter", pair, "contact")


def test_who_may_only_look_changes_nothing_and_other_clients_are_not_seen(pair):
    looking = factories.office()
    client = Client()
    client.force_login(looking)
    for name in ("setup_flow", "setup_fields", "setup_filter"):
        address = page(name, pair, "contact")
        body = client.get(address).content.decode()
        assert 'value="delete"' not in body and 'value="preset:' not in body and 'value="make"' not in body
        for order in ("delete", "off", "preset:recommended", "set:recommended", "make", "save"):
            assert client.post(address, {"do": order}).status_code == 403
    client.force_login(factories.client_person(factories.organization()))
    for address in addresses(pair):
        assert client.get(address).status_code in (302, 403, 404)


# the list


@pytest.mark.row("H-09")
def test_each_flow_is_listed_with_its_state_and_a_way_to_configure_it(ann, pair):
    address = page("setup_flows", pair)

    def states():
        body = ann.get(address).content.decode()
        return re.findall(r'class="badge[^"]*"[^>]*>(?:<svg.*?</svg>)?\s*(On|Off|Paused|Not set up)\s*<', body)

    body = ann.get(address).content.decode()
    assert states() == ["On", "On"]
    for entity in ("contact", "sale"):
        assert f'href="{page("setup_flow", pair, entity)}"' in body
    assert "From QuickBooks Online to Corner CRM" in words(ann.get(address))
    ann.post(page("setup_flow", pair, "contact"), {"do": "off"})
    assert states() == ["Off", "On"]
    pair.state = Integration.State.PAUSED
    pair.save()
    assert states() == ["Off", "Paused"]
    pair.state = Integration.State.ACTIVE
    pair.save()
    Connection.objects.filter(pk=pair.right_id).update(state="paused")
    assert states() == ["Off", "Paused"]


@pytest.mark.row("H-16")
@pytest.mark.row("H-18")
def test_one_flow_is_turned_off_edited_and_turned_on_while_the_others_go_on(ann, pair):
    address = page("setup_flow", pair, "contact")
    assert ann.post(address, {"do": "off"})["Location"] == page("setup_flows", pair)
    flow = pair.flows.get(entity="contact")
    assert not flow.is_on and pair.flows.get(entity="sale").is_on
    version = flow.rules_version
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "email", "known"), "do": "save"}
    ann.post(page("setup_filter", pair, "contact"), given)
    ann.post(address, {"do": "on"})
    flow.refresh_from_db()
    assert flow.is_on and flow.filter == {"all": [{"field": "email", "test": "known"}]}
    assert flow.rules_version == version + 2  # all is planned anew: what changed meanwhile is found
    ann.post(address, {"do": "on"})
    flow.refresh_from_db()
    assert flow.rules_version == version + 2


@pytest.mark.row("H-11")
def test_each_flow_keeps_its_own_settings(ann, pair):
    given = {"is_on": "1", "cadence_minutes": "15", "approval": "always", "direction": "both"}
    ann.post(page("setup_flow", pair, "contact"), given)
    contact, sale = pair.flows.get(entity="contact"), pair.flows.get(entity="sale")
    assert (contact.direction, contact.cadence_minutes, contact.approval) == ("both", 15, "always")
    assert (sale.direction, sale.cadence_minutes, sale.approval) == ("right", 60, "first")
    ann.post(page("setup_flow", pair, "sale"), {**given, "direction": "both"})
    assert pair.flows.get(entity="sale").direction == "right"  # the recipe has no other way


@pytest.mark.row("H-19")
def test_a_sync_is_deleted_after_its_effects_were_told_and_set_up_anew(ann, pair, people):
    address = page("setup_flow", pair, "contact")
    told = words(ann.post(address, {"do": "delete"}))
    assert "Records stay as they are at both sides" in told and pair.flows.filter(entity="contact").exists()
    run = factories.run(pair)
    refused = ann.post(address, {"do": "delete", "confirmed": "yes"}, follow=True)
    assert "RUN-OPEN" in words(refused) and pair.flows.filter(entity="contact").exists()
    Run.objects.filter(pk=run.pk).update(state="done")
    ann.post(address, {"do": "delete", "confirmed": "yes"})
    assert not pair.flows.filter(entity="contact").exists()
    listed = ann.get(page("setup_flows", pair))
    assert "Not set up" in words(listed) and "Set up again" in words(listed)
    assert ann.get(page("setup_filter", pair, "contact")).status_code == 404
    assert ann.get(address).status_code == 200 and ann.post(address, {"do": "off"}).status_code == 302
    ann.post(address, {"do": "set_up"})
    flow = pair.flows.get(entity="contact")
    assert not flow.is_on and flow.rules.count() == 3
    assert ann.get(reverse("admin:record", args=[people["A"].pk])).status_code == 200


# recommended sets


@pytest.mark.row("H-13")
@pytest.mark.row("H-22")
def test_a_recommended_set_says_what_it_will_set_and_is_applied_in_one_click(ann, pair):
    for name, order in (("setup_flow", "preset"), ("setup_filter", "set")):
        pair.flows.filter(entity="contact").update(direction="right", filter_back={})
        address = page(name, pair, "contact")
        told = words(ann.get(address))
        assert "Both ways between QuickBooks Online and Corner CRM" in told
        assert "From Corner CRM to QuickBooks Online A record goes only if" in told and "In use" not in told
        answer = ann.post(address, {"do": f"{order}:recommended", "next": address}, follow=True)
        assert answer.redirect_chain[-1][0] == address and "In use" in words(answer)
        flow = pair.flows.get(entity="contact")
        assert (flow.direction, flow.filter, flow.filter_back) == ("both", {}, dict(corner_crm.RECOMMENDED.back))
        assert ann.post(address, {"do": f"{order}:nothing"}).status_code == 404


@pytest.mark.row("H-26")
def test_a_set_from_today_names_the_day_before_it_is_applied(ann, pair):
    today = pair.organization.today
    told = words(ann.get(page("setup_flow", pair, "sale")))
    assert "today where the client is" in told
    ann.post(page("setup_flow", pair, "sale"), {"do": "preset:recommended"})
    assert pair.flows.get(entity="sale").start_date == today


# filters


@pytest.mark.row("H-20")
@pytest.mark.row("H-24")
def test_the_filter_of_each_way_has_its_own_page_and_counts_its_own_records(ann, pair, people):
    factories.record(pair.left, "customers", document={"Id": "1", "DisplayName": "Jane Invented", "Active": True})
    filtering.apply_preset(pair.flows.get(entity="contact"), corner_crm.RECOMMENDED, None)
    forth, back = page("setup_filter", pair, "contact"), page("setup_filter_back", pair, "contact")
    answer = ann.get(forth)
    assert f'href="{back}"' in answer.content.decode() and "1 goes" in words(answer)
    assert 'value="sales.source"' not in answer.content.decode()
    answer = ann.get(back)
    body, told = answer.content.decode(), words(answer)
    assert re.search(r'<optgroup label="Associated invoice">.*?value="sales.source"', body, re.S)
    assert '<optgroup label="Associated payment">' in body
    assert '<datalist id="values-sales.source"><option value="bridge"></option><option value="crm">' in body
    assert "2 go" in told and "3 stay" in told and "A Invented" in told
    assert "Does not hold: “Associated payment: created” is known (here:" in told
    given = {
        "node": ["0", "0.0", "0.1"],
        "kind:0": "any",
        **condition("0.0", "sales.source", "equals", "bridge"),
        **condition("0.1", "email", "starts_with", "e"),
    }
    counted = ann.post(back, {**given, "do": "count"}, headers={"X-Fragment": "count"})
    assert "3 go" in words(counted) and "2 stay" in words(counted) and "Not saved yet" in words(counted)
    probed = words(ann.post(back, {**given, "do": "probe", "probe": "C Invented"}))
    assert "C Invented stays." in probed
    assert ann.post(back, {**given, "do": "save"})["Location"] == back
    flow = pair.flows.get(entity="contact")
    assert [item["field"] for item in flow.filter_back["any"]] == ["sales.source", "email"] and flow.filter == {}
    wrong = ann.post(forth, {**given, "do": "save"})
    assert wrong.status_code == 200 and 'href="#field-0.0"' in wrong.content.decode()
    assert pair.flows.get(entity="contact").filter == {}


def test_fields_that_no_record_tells_are_not_offered_unless_they_are_used(ann, pair, people):
    filtering.apply_preset(pair.flows.get(entity="contact"), corner_crm.RECOMMENDED, None)
    back = page("setup_filter_back", pair, "contact")

    def offered(answer):
        return set(re.findall(r'<option value="([a-z_.]+)" data-kind', answer.content.decode()))

    told = {"name", "email", "sales", "sales.number", "sales.date", "sales.total", "sales.currency", "sales.source"}
    told |= {"sales.contact", "payments", "payments.total", "payments.currency", "payments.created_at"}
    assert offered(ann.get(back)) == told | {"payments.contact"}
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "address.city", "known"), "do": "count"}
    assert "address.city" in offered(ann.post(back, given))
    forth = page("setup_filter", pair, "contact")  # nothing was read there
    assert {"address.city", "company"} <= offered(ann.post(forth, {"node": ["0"], "kind:0": "all", "do": "add:0"}))


@pytest.mark.row("H-20")
def test_a_field_people_added_is_chosen_by_its_label_in_the_filter_editor(ann, pair, people, crm):
    filtering.apply_preset(pair.flows.get(entity="contact"), corner_crm.RECOMMENDED, None)
    row = people["A"]
    row.document = {**row.document, "custom": {"tier": "Gold"}}
    row.save(update_fields=["document"])
    back, forth = page("setup_filter_back", pair, "contact"), page("setup_filter", pair, "contact")
    told = re.search(r'<optgroup label="Fields added at Corner CRM">(.*?)</optgroup>', ann.get(back).content.decode())
    assert 'value="custom.tier"' in told[1] and ">tier</option>" in told[1]
    ann.post(page("setup_fields", pair, "contact"), {"do": "list", "side": "right"})
    told = re.search(r'<optgroup label="Fields added at Corner CRM">(.*?)</optgroup>', ann.get(back).content.decode())
    assert 'value="custom.cost_centre"' in told[1] and ">Cost centre</option>" in told[1]
    assert "Fields added at" not in ann.get(forth).content.decode()
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "custom.tier", "equals", "Gold")}
    counted = words(ann.post(back, {**given, "do": "count"}))
    assert "1 goes" in counted and "4 stay" in counted
    assert ann.post(back, {**given, "do": "save"})["Location"] == back
    stored = pair.flows.get(entity="contact").filter_back
    assert stored == {"all": [{"field": "custom.tier", "test": "equals", "value": "Gold"}]}
    assert ann.post(forth, {**given, "do": "save"}).status_code == 200, "the books have no such fields"


@pytest.mark.row("H-21")
def test_a_way_that_lets_everything_through_is_never_passed_over_in_silence(ann, pair):
    list_, back = page("setup_flows", pair), page("setup_filter_back", pair, "contact")
    assert "would hold needless ones back" not in words(ann.get(list_))  # one way only
    ann.post(page("setup_flow", pair, "contact"), {"is_on": "1", "cadence_minutes": "60", "direction": "both"})
    told = words(ann.get(list_))
    assert "From Corner CRM to QuickBooks Online, every record goes: the recommended filter would hold" in told
    ann.post(page("setup_flow", pair, "contact"), {"do": "preset:recommended"})
    assert "would hold needless ones back" not in words(ann.get(list_))
    saved = words(ann.post(back, {"node": ["0"], "kind:0": "all", "do": "save"}, follow=True))
    assert "Filter saved." in saved and "This filter lets every record through." in saved
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "email", "known"), "do": "save"}
    assert "lets every record through" not in words(ann.post(back, given, follow=True))


# fields


@pytest.mark.row("H-12")
def test_the_fields_of_both_ways_show_both_names_kind_and_transform(ann, pair):
    answer = ann.get(page("setup_fields", pair, "contact"))
    told, body = words(answer), answer.content.decode()
    assert "From QuickBooks Online to Corner CRM" in told and "From Corner CRM to QuickBooks Online" in told
    assert "Not in use now" in told
    assert body.count("PrimaryEmailAddr.Address") == 2
    assert "e-mail" in told and "Copy" in told
    rule = {"source": "name", "target": "email", "transform": "lower", "when": "create", "on_conflict": "ask"}
    assert ann.post(page("setup_fields", pair, "contact"), {**rule, "toward": "left"}).status_code == 302
    made = pair.flows.get(entity="contact").rules.get(source="name", target="email")
    assert made.toward == "left"
    body = ann.get(page("setup_fields", pair, "contact"), {"edit": made.pk}).content.decode()
    assert 'name="toward" value="left"' in body and 'value="lower" selected' in body
    body = ann.get(page("setup_fields", pair, "contact"), {"toward": "left"}).content.decode()
    assert 'name="toward" value="left"' in body
    assert 'value="sales.source"' not in body


@pytest.mark.row("H-12")
def test_fields_made_of_whole_records_are_shown_as_well(ann, person):
    made = work.create(factories.organization(), "quickbooks_hubspot", person)
    told = words(ann.get(page("setup_fields", made, "deal")))
    assert "Newest invoice: number qbo_invoice_number text" in told and "made from it and what it names" in told
    assert "closedate" not in told and "Within HubSpot" in told
    told = words(ann.get(page("setup_fields", made, "payment")))
    assert "hs_note_body" in told and "From QuickBooks Online to HubSpot" in told
    listed = words(ann.get(page("setup_flows", made)))
    assert "Made from whole records" in listed
    for entity in ("payment", "deal"):
        assert ann.get(page("documents", made, entity)).status_code == 404
        assert ann.get(page("setup_flow", made, entity)).status_code == 200
        assert ann.get(page("setup_filter", made, entity)).status_code == 200


@pytest.mark.row("H-10")
def test_the_pairs_of_this_recipe_are_contacts_products_and_invoices(ann, person):
    made = work.create(factories.organization(), "quickbooks_hubspot", person)
    listed = words(ann.get(page("setup_flows", made)))
    for label in ("Customers and contacts", "Products and services", "Invoices"):
        assert label in listed
    answer = ann.get(page("setup_fields", made, "contact")).content.decode()
    assert "PrimaryEmailAddr.Address" in answer and ">firstname<" in answer
    assert flowing.possible_ways(made.flows.get(entity="sale")) == ("right",)
    assert ann.get(page("setup_flow", made, "refund")).status_code == 404


@pytest.mark.row("H-30")
def test_fields_of_the_accounts_own_are_read_made_and_mapped(ann, pair, crm):
    address = page("setup_fields", pair, "sale")
    assert "Not read yet." in words(ann.get(address))
    assert ann.post(address, {"do": "list", "side": "right"})["Location"] == f"{address}#own"
    body = ann.get(address).content.decode()
    assert '<option value="custom.cost_centre">Cost centre (text)</option>' in body
    assert ann.post(address, {"do": "make", "side": "right", "label": "Sales branch"}).status_code == 302
    assert "sales_branch" in crm.fields
    refused = ann.post(address, {"do": "make", "side": "right", "label": "cost centre"})
    assert refused.status_code == 200 and 'href="#field-label-right"' in refused.content.decode()
    assert 'value="cost centre"' in refused.content.decode() and len(crm.fields) == 2
    assert ann.post(address, {"do": "make", "side": "left", "label": "x"}).status_code == 404
    rule = {"source": "memo", "target": "custom.cost_centre", "transform": "copy", "when": "always"}
    assert ann.post(address, {**rule, "on_conflict": "source", "toward": "right"}).status_code == 302
    assert "Cost centre cost_centre text" in words(ann.get(address))
    crm.fields.clear()
    ann.post(address, {"do": "list", "side": "right"})
    made = pair.flows.get(entity="sale").rules.get(target="custom.cost_centre")
    body = ann.get(address, {"edit": made.pk}).content.decode()
    assert '<option value="custom.cost_centre" selected>' in body  # gone from the list, yet not lost from the rule


# documents


def invoice(pair, number, source="crm", **values):
    document = {
        "id": number, "number": f"I-{number}", "date": "2026-03-01", "total": "10.00", "source": source, "contact": "A",
    }  # fmt: skip
    return factories.record(
        pair.right, "invoices", remote_id=number, document=document, number=f"I-{number}", name="", **values
    )


@pytest.mark.row("H-28")
def test_documents_tell_where_they_come_from_and_are_filtered_by_it(ann, pair, django_assert_max_num_queries):
    brought, found, alone, restored = (invoice(pair, number) for number in ("1", "2", "3", "4"))
    restored.document = {**restored.document, "source": "bridge"}
    restored.save()
    invoice(pair, "5", gone=True)
    run = factories.run(pair, state="done")
    left = [factories.record(pair.left, "invoices", number=f"Q-{n}") for n in range(2)]
    factories.change(
        run, entity="sale", action="create", state=Change.State.DONE, source=left[0], target=brought,
        resource="invoices", remote_id="1",
    )  # fmt: skip
    factories.link(pair, left[0], brought, "sale")
    factories.link(pair, left[1], found, "sale")
    address = page("documents", pair, "sale")

    def listed(**query):
        body = ann.get(address, query).content.decode()
        return dict(
            re.findall(r'translate="no">(I-\d)</a>.*?class="badge[^"]*"[^>]*>(?:<svg.*?</svg>)?([^<]+)<', body, re.S)
        )

    with django_assert_max_num_queries(30):
        every = listed()
    assert every == {
        "I-1": "Brought by Bridge",
        "I-2": "Made there, linked since",
        "I-3": "Made there by hand",
        "I-4": "Brought by Bridge",
    }
    assert set(listed(origin="bridge")) == {"I-1", "I-4"}
    assert set(listed(origin="linked")) == {"I-2"} and set(listed(origin="hand")) == {"I-3"}
    assert set(listed(text="I-3")) == {"I-3"}
    assert "Q-0" in words(ann.get(address, {"origin": "bridge"}))
    assert "No document matches" in words(ann.get(address, {"text": "nothing"}))
    assert listed(origin="nonsense", page="99", first="soon", side="left") == every
