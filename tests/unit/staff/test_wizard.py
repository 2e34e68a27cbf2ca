"""The set-up: every step saves by itself, says what is missing and why, and nothing is stored that cannot work."""

import re
from datetime import date

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from bridge.engine.filters import check_tree, passes
from bridge.hub.models import Integration, Run
from bridge.jobs import connections as accounts
from bridge.jobs import integrations as work
from bridge.staff import tree as forms
from connectors.contract import Choice, VendorUnavailable
from tests import factories

pytestmark = pytest.mark.django_db
AUDIENCES = [Choice("aud-1", "Infolettre", {"members": 84}), Choice("aud-2", "Clients", {"members": 0})]


@pytest.fixture
def person():
    """A person of the house."""
    return factories.staff()


@pytest.fixture
def ann(client: Client, person) -> Client:
    """The same, signed in."""
    client.force_login(person)
    return client


@pytest.fixture
def pair(person) -> Integration:
    """An integration with both accounts connected and nothing chosen yet."""
    owner = factories.organization()
    made = work.create(owner, "quickbooks_mailchimp", person)
    work.attach(made, "left", factories.connection(owner, "quickbooks"))
    work.attach(made, "right", factories.connection(owner, "mailchimp"))
    return made


@pytest.fixture(autouse=True)
def live_lists(monkeypatch):
    """The account's own lists, without a call."""
    lists = {"audiences": AUDIENCES}
    monkeypatch.setattr(accounts, "choices", lambda connection, key, context=None: lists.get(key, []))


def words(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", text)


def step(pair: Integration, name: str) -> str:
    return reverse("admin:setup", args=[pair.pk, name])


def filter_page(pair: Integration, entity: str = "contact") -> str:
    return reverse("admin:setup_filter", args=[pair.pk, entity])


def condition(path: str, field: str, test: str, value: str = "", value2: str = "") -> dict[str, str]:
    return {
        f"kind:{path}": "if",
        f"field:{path}": field,
        f"test:{path}": test,
        f"value:{path}": value,
        f"value2:{path}": value2,
    }


# steps


def test_a_new_integration_leads_to_its_steps_with_what_is_to_do(ann, person):
    owner = factories.organization()
    address = reverse("admin:integration_new")
    assert ann.post(address, {"organization": "", "recipe": "nothing"}).status_code == 200
    assert not Integration.objects.exists()
    answer = ann.post(address, {"organization": owner.pk, "recipe": "quickbooks_mailchimp"})
    made = Integration.objects.get()
    assert answer["Location"] == reverse("admin:integration", args=[made.pk])
    page = ann.get(answer["Location"])
    assert "Connect QuickBooks Online." in words(page) and "disabled" in page.content.decode()


def test_every_step_opens_in_both_languages_and_stays_quick(ann, person, pair, django_assert_max_num_queries):
    pages = [
        step(pair, name) for name in ("connect_left", "connect_right", "settings", "flows", "first_run", "automatic")
    ]
    pages += [filter_page(pair), reverse("admin:setup_fields", args=[pair.pk, "sale"])]
    pages += [reverse("admin:integration", args=[pair.pk]), reverse("admin:rules_text", args=[pair.pk])]
    for language in ("en", "fr"):
        person.language = language
        person.save(update_fields=["language"])
        for address in pages:
            with django_assert_max_num_queries(30):
                answer = ann.get(address)
            assert answer.status_code == 200, address
            assert f'<html lang="{language}"' in answer.content.decode()
    assert ann.get(step(pair, "nowhere")).status_code == 404
    assert ann.get(filter_page(pair, "stock_level")).status_code == 404


def shop_settings(person):
    made = work.create(factories.organization(), "quickbooks_magento", person)
    for side, vendor in (("left", "quickbooks"), ("right", "magento")):
        setattr(made, side, factories.connection(made.organization, vendor))
    made.settings = {"orders_since": "2026-01-01", "number_prefix": "BB-", "customer": "company"}
    made.save()
    return made


def test_settings_are_folded_by_group_and_say_what_is_chosen(ann, person):
    page = ann.get(step(shop_settings(person), "settings")).content.decode()
    groups = re.findall(r'<details class="group"( open)?><summary>(.*?)</summary>(.*?)</details>', page, re.S)
    told = {re.sub(r"<h2.*?>(.*?)</h2>.*", r"\1", head, flags=re.S): (bool(opened), head) for opened, head, _ in groups}
    assert list(told)[:3] == ["Which orders", "Documents", "Customers"]
    assert "BB-" in told["Documents"][1] and "Invoices" in told["Documents"][1], (
        "what was chosen, and what is a default"
    )
    assert "Their organization, else the person" in told["Customers"][1]
    assert "The one customer" not in told["Customers"][1], "not asked for, so not said"
    assert not told["Documents"][0]
    assert page.count('name="number_prefix"') == 1, "folded fields are sent all the same"


def test_a_group_with_a_problem_is_open(ann, person):
    made = shop_settings(person)
    given = {"orders_since": "2026-01-01", "order_statuses": "Not a code!"}
    page = ann.post(step(made, "settings"), given).content.decode()
    opened = re.findall(r'<details class="group" open><summary><h2 class="group-name">(.*?)</h2>', page)
    assert "Which orders" in opened


def test_the_account_chosen_is_shown_with_its_id(ann, pair):
    told = words(ann.get(step(pair, "connect_left")))
    assert pair.left.account_name in told and pair.left.account_id in told


def test_a_new_account_takes_its_place_and_its_sign_in_comes_back_to_the_step(ann, person):
    made = work.create(factories.organization(), "quickbooks_mailchimp", person)
    answer = ann.post(step(made, "connect_left"), {"do": "new", "environment": "local_sandbox"})
    made.refresh_from_db()
    assert made.left is not None and made.left.vendor == "quickbooks"
    assert (
        answer["Location"]
        == f"{reverse('admin:connection_connect', args=[made.left_id])}?next={step(made, 'connect_left')}"
    )


def test_a_refused_environment_leaves_no_account_behind(ann, person):
    made = work.create(factories.organization(), "quickbooks_mailchimp", person)
    answer = ann.post(step(made, "connect_left"), {"do": "new", "environment": "moon"})
    made.refresh_from_db()
    assert answer.status_code == 200 and made.left is None
    assert not accounts.Connection.objects.filter(organization=made.organization).exists()


def test_simulated_and_real_accounts_are_not_offered_together(ann, person):
    owner = factories.organization()
    made = work.create(owner, "quickbooks_mailchimp", person)
    work.attach(made, "left", factories.connection(owner, "quickbooks"))
    body = ann.get(step(made, "connect_right")).content.decode()
    assert 'value="local_sandbox"' in body and 'value="live"' not in body


def test_the_account_of_another_client_cannot_be_taken(ann, pair):
    stranger = factories.connection(vendor="mailchimp")
    assert ann.post(step(pair, "connect_right"), {"connection": stranger.pk}).status_code == 404
    pair.refresh_from_db()
    assert pair.right != stranger


# settings


def test_settings_offer_the_accounts_own_audiences_and_keep_name_and_id(ann, pair):
    told = words(ann.get(step(pair, "settings")))
    assert "Infolettre" in told and "aud-1" in told and "members: 84" in told
    given = {"audience": "aud-2", "status_if_new": "transactional", "tag": "QuickBooks Online", "shared_email": "hold"}
    answer = ann.post(step(pair, "settings"), {**given, "foreign_currency": "hold"})
    assert answer["Location"] == step(pair, "first_run")
    pair.refresh_from_db()
    assert pair.settings["audience"] == "aud-2" and pair.settings["audience_label"] == "Clients"


def test_what_is_missing_is_listed_at_the_top_and_beside_the_field_and_what_was_typed_stays(ann, pair):
    page = ann.post(step(pair, "settings"), {"audience": "", "tag": "Mon étiquette", "status_if_new": "subscribed"})
    body = page.content.decode()
    assert 'href="#field-audience"' in body and 'role="alert"' in body
    assert "Audience: " in words(page) and 'href="#field-consent_basis"' in body
    assert 'value="Mon étiquette"' in body
    pair.refresh_from_db()
    assert "tag" not in pair.settings or pair.settings["tag"] != "Mon étiquette"


def test_a_list_that_cannot_be_read_is_said_and_loses_no_choice(ann, pair, monkeypatch):
    def gone(*given):
        raise VendorUnavailable("CALL-DEADLINE", params={"seconds": 30})

    pair.settings = {**pair.settings, "audience": "aud-2"}
    pair.save()
    monkeypatch.setattr(accounts, "choices", gone)
    body = ann.get(step(pair, "settings")).content.decode()
    assert '<input type="hidden" name="audience" value="aud-2">' in body and "alert-warn" in body


# flows


def flow_form(**values: str) -> dict[str, str]:
    return {"entity": "contact", "is_on": "1", "cadence_minutes": "60", "approval": "first", **values}


def test_a_change_of_dates_or_limits_makes_a_new_version_of_the_rules(ann, pair):
    flow = pair.flows.get(entity="contact")
    given = flow_form(start_date="2026-01-01", creates_max="500", updates_percent="12,5")
    assert ann.post(step(pair, "flows"), given).status_code == 302
    flow.refresh_from_db()
    assert flow.start_date == date(2026, 1, 1)
    assert flow.brakes["creates_max"] == 500 and float(flow.brakes["updates_share"]) == 0.125
    assert flow.rules_version == 2
    ann.post(step(pair, "flows"), {**given, "cadence_minutes": "120"})
    flow.refresh_from_db()
    assert flow.cadence_minutes == 120 and flow.rules_version == 2


@pytest.mark.parametrize("wrong", [{"cadence_minutes": "1"}, {"cadence_minutes": "x"}, {"start_date": "soon"},
                                   {"creates_max": "-1"}, {"creates_max": "1.5"}, {"updates_percent": "many"}])  # fmt: skip
def test_wrong_limits_are_refused_with_their_field(ann, pair, wrong):
    page = ann.post(step(pair, "flows"), flow_form(**wrong))
    assert page.status_code == 200 and f'href="#field-contact-{next(iter(wrong))}"' in page.content.decode()
    assert pair.flows.get(entity="contact").rules_version == 1


def test_a_flow_that_is_not_optional_stays_on(ann, pair):
    ann.post(step(pair, "flows"), {**flow_form(entity="shop"), "is_on": ""})
    assert pair.flows.get(entity="shop").is_on


# fields


def test_a_rule_is_added_changed_and_deleted_and_says_what_is_wrong_with_it(ann, pair):
    flow = pair.flows.get(entity="contact")
    address = reverse("admin:setup_fields", args=[pair.pk, "contact"])
    before = flow.rules.count()
    rule = {
        "source": "company",
        "target": "family_name",
        "transform": "upper",
        "when": "if_empty",
        "on_conflict": "ask",
    }
    page = ann.post(address, {**rule, "target": "nothing"})
    assert page.status_code == 200 and 'href="#field-target"' in page.content.decode()
    assert flow.rules.count() == before
    assert ann.post(address, rule).status_code == 302
    made = flow.rules.get(source="company", target="family_name")
    assert (made.transform, made.when, made.on_conflict) == ("upper", "if_empty", "ask")
    assert 'value="upper" selected' in ann.get(address, {"edit": made.pk}).content.decode()
    ann.post(address, {**rule, "id": made.pk, "transform": "title"})
    made.refresh_from_db()
    assert made.transform == "title" and flow.rules.count() == before + 1
    ann.post(address, {"do": "delete", "id": made.pk})
    assert flow.rules.count() == before


def test_fields_show_the_names_of_both_systems(ann, pair):
    told = words(ann.get(reverse("admin:setup_fields", args=[pair.pk, "contact"])))
    assert "merge_fields.LNAME" in told and "Last name" in told


# filters


def test_counts_follow_while_nothing_is_saved(ann, pair):
    for number, balance in enumerate(("0", "150.00", "99.99")):
        document = {
            "Id": str(number),
            "DisplayName": f"Jane Invented {number}",
            "Balance": float(balance),
            "Active": True,
        }
        factories.record(pair.left, "customers", document=document, name=f"Jane Invented {number}")
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "balance", "at_least", "100"), "do": "count"}
    answer = ann.post(filter_page(pair), given, headers={"X-Fragment": "count"})
    told = words(answer)
    assert "1 goes" in told and "2 stay" in told and "Not saved yet" in told
    assert "<html" not in answer.content.decode()
    assert pair.flows.get(entity="contact").filter == {}
    answer = ann.post(filter_page(pair), {**given, "do": "probe", "probe": "invented 2"})
    assert "Jane Invented 2 stays." in words(answer)


def test_a_filter_is_saved_as_a_tree_with_or_inside_and(ann, pair):
    given = {
        "node": ["0", "0.0", "0.1", "0.1.0", "0.1.1"],
        "kind:0": "all",
        **condition("0.0", "email", "known"),
        "kind:0.1": "any",
        **condition("0.1.0", "address.region", "equals", "QC"),
        **condition("0.1.1", "balance", "between", "1 000,50", "2000"),
        "do": "save",
    }
    assert ann.post(filter_page(pair), given).status_code == 302
    flow = pair.flows.get(entity="contact")
    inside = [
        {"field": "address.region", "test": "equals", "value": "QC"},
        {"field": "balance", "test": "between", "value": ["1000.50", "2000"]},
    ]
    assert flow.filter == {"all": [{"field": "email", "test": "known"}, {"any": inside}]}
    assert flow.rules_version == 2
    body = ann.get(filter_page(pair)).content.decode()
    assert 'name="value2:0.1.1" value="2000"' in body


def test_a_filter_that_makes_no_sense_is_refused_at_its_line(ann, pair):
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "balance", "at_least", "lots"), "do": "save"}
    page = ann.post(filter_page(pair), given)
    assert page.status_code == 200 and 'href="#field-0.0"' in page.content.decode()
    assert 'value="lots"' in page.content.decode()
    assert pair.flows.get(entity="contact").filter == {}


def test_a_filter_that_lets_nothing_through_says_so(ann, pair):
    factories.record(pair.left, "customers", document={"Id": "1", "DisplayName": "Jane Invented", "Active": True})
    given = {"node": ["0", "0.0"], "kind:0": "all", **condition("0.0", "name", "equals", "Nobody"), "do": "count"}
    from bridge import registry

    assert registry.catalogue()["FILTER-NOTHING"].what.en in words(ann.post(filter_page(pair), given))


def test_a_ready_made_filter_is_put_into_the_form_and_not_stored(ann, pair):
    body = ann.get(filter_page(pair)).content.decode()
    preset = re.search(r'value="(preset:[^"]+)"', body).group(1)
    page = ann.post(filter_page(pair), {"node": ["0"], "kind:0": "all", "do": preset})
    assert 'name="field:0.0"' in page.content.decode()
    assert pair.flows.get(entity="contact").filter == {}


TREES = [
    {},
    {"all": [{"field": "email", "test": "known"}]},
    {"any": [{"field": "name", "test": "in", "value": ["A", "B"]}, {"all": [{"field": "active", "test": "is_true"}]}]},
    {"not": {"any": [{"field": "tags", "test": "contains", "value": "x"}]}},
    {
        "not": {
            "all": [{"field": "balance", "test": "between", "value": ["1", "2"]}, {"field": "name", "test": "unknown"}]
        }
    },
]


@pytest.mark.parametrize("tree", TREES)
def test_a_filter_survives_the_form_unchanged(tree):
    assert forms.tree_of(forms.form_of(tree), "contact", "en") == tree


@pytest.mark.parametrize(
    "tree",
    [
        {"field": "email", "test": "known"},
        {"not": {"field": "email", "test": "known"}},
        {"not": {"not": {"field": "email", "test": "known"}}},
        {"all": [{"not": {"field": "email", "test": "known"}}]},
    ],
)
@pytest.mark.parametrize("values", [{"email": "a@b.example"}, {"email": None}, {}])
def test_a_filter_of_another_shape_means_the_same_after_the_form(tree, values):
    after = forms.tree_of(forms.form_of(tree), "contact", "en")
    assert passes(after, values) == passes(tree, values)
    assert not check_tree(after, "contact")


def test_buttons_add_and_take_away_just_what_they_name():
    root = forms.form_of({"all": [{"field": "email", "test": "known"}, {"any": [{"field": "name", "test": "known"}]}]})
    added = forms.changed(root, "add:0.1", "company")
    assert [item.field for item in added.children[1].children] == ["name", "company"]
    gone = forms.changed(added, "remove:0.0", "company")
    assert [item.path for item in gone.children] == ["0.0"] and gone.children[0].children[1].path == "0.0.1"
    assert forms.changed(root, "remove:0", "company") == root
    assert forms.changed(root, "group:0", "company").children[2].children[0].field == "company"


def test_a_forged_form_ends_in_a_filter_or_in_nothing():
    post = QueryDict(mutable=True)
    post.setlist("node", ["0", "9.9", "0.0", "0.0.0"])
    post.update({"kind:0": "bogus", "kind:0.0": "if", "field:0.0": "email", "test:0.0": "known", "kind:9.9": "if"})
    assert forms.tree_of(forms.read(post), "contact", "en") == {"all": [{"field": "email", "test": "known"}]}
    assert forms.tree_of(forms.read(QueryDict("kind:0=if")), "contact", "en") == {}


# going on


def test_the_first_plan_waits_for_every_step_and_says_which(ann, pair):
    for address in (reverse("admin:integration_run", args=[pair.pk]), step(pair, "first_run")):
        page = ann.post(address, follow=True)
        assert "Still to choose: Audience" in words(page)
    assert not Run.objects.exists()
    work.save_settings(pair, {"audience": "aud-2", "status_if_new": "transactional"}, None)
    answer = ann.post(reverse("admin:integration_run", args=[pair.pk]))
    assert answer["Location"] == reverse("admin:run_page", args=[Run.objects.get().pk])
    answer = ann.post(reverse("admin:integration_run", args=[pair.pk]), follow=True)
    assert "RUN-OPEN" in words(answer) and Run.objects.count() == 1


def test_automatic_runs_wait_for_an_approved_first_plan(ann, pair):
    address = reverse("admin:integration_automatic", args=[pair.pk])
    assert "Approve the first plan first." in words(ann.post(address, {"on": "1"}, follow=True))
    pair.refresh_from_db()
    assert not pair.automatic


def test_rules_as_text_name_author_and_come_in_either_language(ann, pair):
    address = reverse("admin:rules_text", args=[pair.pk])
    english, french = words(ann.get(address)), words(ann.get(address, {"in": "fr"}))
    assert "Ann Invented" in english and "Last name" in english
    assert "Ann Invented" in french and "Nom de famille" in french


def test_codes_are_found_without_accents_or_case(ann):
    page = words(ann.get(reverse("admin:catalogue"), {"q": "contact-no-email"}))
    assert "CONTACT-NO-EMAIL" in page and "BRAKE-REMOVALS" not in page


def test_who_may_only_look_sees_the_set_up_and_changes_nothing(pair):
    looking = factories.office()
    client = Client()
    client.force_login(looking)
    for name in ("connect_left", "settings", "flows", "first_run"):
        assert client.get(step(pair, name)).status_code == 200
        assert client.post(step(pair, name), {"do": "save"}).status_code == 403
    assert client.post(filter_page(pair), {"do": "save"}).status_code == 403
    for name in ("integration_run", "integration_automatic", "integration_pause", "integration_disconnect"):
        assert client.post(reverse(f"admin:{name}", args=[pair.pk]), {"understood": "yes"}).status_code == 403
    body = client.get(reverse("admin:integration", args=[pair.pk])).content.decode()
    assert reverse("admin:integration_disconnect", args=[pair.pk]) not in body
    pair.refresh_from_db()
    assert pair.state == Integration.State.SETUP
