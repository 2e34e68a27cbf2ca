"""The Duplicates desk: side by side with reasons, one decision at a time or many, and all of it can be taken back."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import Candidate, Double, DoubleSearch, Link, Merge, Record, Run
from bridge.staff import sidebyside
from tests import factories
from tests.unit.jobs.test_duplicates import candidate, customer, member

pytestmark = pytest.mark.django_db
Decision = Candidate.Decision


@pytest.fixture
def ann(client: Client) -> Client:
    """A signed-in person of the house."""
    client.force_login(factories.staff())
    return client


@pytest.fixture
def pair():
    return factories.integration()


@pytest.fixture
def asked(pair):
    return candidate(pair, customer(pair.left), member(pair.right, given="Janet"))


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def url(row, name="duplicate"):
    return reverse(f"admin:{name}", args=["between" if isinstance(row, Candidate) else "inside", row.pk])


def decide(client, row, decision, query="", **more):
    return client.post(url(row, "duplicate_decide") + query, {"decision": decision, **more})


def double(at, names=("Jane Roe", "Jane Roe"), score="0.9", **values):
    one, other = (customer(at, name) for name in names)
    return Double.objects.create(connection=at, entity="contact", left=one, right=other, score=score, **values)


def test_what_differs_is_marked_in_words_and_not_by_colour_alone(ann, asked):
    page = text_of(ann.get(url(asked)))
    assert "<del>Jane</del>" in page and "<ins>Janet</ins>" in page
    assert "the same" in page and "different" in page
    assert re.search(r'<li><span class="part-words"><span class="label">E-mail</span> the same</span> <svg', page)
    assert "counts for" in page
    assert "style=" not in page.split("<main")[1].split("</main>")[0]


@pytest.mark.row("C-29")
def test_missing_and_different_addresses_are_highlighted(ann, pair):
    row = candidate(pair, customer(pair.left, email=""), member(pair.right, email="j@roe.example"))
    page = text_of(ann.get(url(row)))
    line = re.search(r'<tr class="is-off"> <th scope="row">E-mail</th>.*?</tr>', page).group()
    assert "missing on the left" in line

    row = candidate(pair, customer(pair.left, email="jane@roe.example"), member(pair.right, email="j@roe.example"))
    page = text_of(ann.get(url(row)))
    line = re.search(r'<tr class="is-off"> <th scope="row">E-mail</th>.*?</tr>', page).group()
    assert "different" in line and "<del>" in line and "<ins>" in line


def test_what_one_system_does_not_keep_is_no_difference(ann, asked):
    page = text_of(ann.get(url(asked)))
    line = re.search(r'<tr> <th scope="row">Active</th>.*?</tr>', page).group()
    assert "kept on one side only" in line


def test_held_records_lead_to_the_desk_that_settles_them(ann, pair):
    factories.change(factories.run(pair, state="held"), state="held", code="SEVERAL-MATCHES")
    page = text_of(ann.get(reverse("admin:held_cause", args=["SEVERAL-MATCHES"])))
    assert "Decide about the pairs" in page


def test_documents_and_links_of_each_are_attached(ann, asked, pair):
    for amount, date in ((10, "2026-01-05"), (32, "2026-02-05")):
        factories.record(pair.left, "invoices", party=asked.left.remote_id, amount=amount, currency="CAD", date=date,
                         name=f"INV-{amount}", number=f"INV-{amount}")  # fmt: skip
    factories.record(pair.left, "invoices", party="somebody else", amount=99, currency="CAD")
    page = text_of(ann.get(url(asked)))
    assert "2 × Invoices, $42.00" in page
    assert page.index("INV-32") < page.index("INV-10")
    assert reverse("admin:duplicates_documents", args=[asked.left_id]) in page
    listed = text_of(ann.get(reverse("admin:duplicates_documents", args=[asked.left_id])))
    assert "INV-10" in listed and "$32.00" in listed and "99" not in re.sub(r'".*?"', "", listed.split("<tbody>")[1])
    assert "In the books" in page


def test_a_decision_leads_to_the_next_pair_of_the_list(ann, pair):
    rows = [candidate(pair, customer(pair.left), member(pair.right), score=score) for score in ("0.9", "0.8", "0.7")]
    answer = decide(ann, rows[0], "same")
    assert answer.url == f"{url(rows[1])}#pair"
    assert Link.objects.get().left_id == rows[0].left_id
    answer = decide(ann, rows[2], "never")
    assert answer.url == f"{url(rows[1])}#pair", "at the end it begins again with what was passed over"
    answer = decide(ann, rows[1], "later", until=(factories.today() + timedelta(days=9)).isoformat())
    assert answer.url == reverse("admin:duplicates")
    rows[1].refresh_from_db()
    assert rows[1].until == factories.today() + timedelta(days=9)
    assert "No pair waits" in text_of(ann.get(reverse("admin:duplicates")))


def test_the_waiting_change_is_planned_again_at_once(ann, asked):
    decide(ann, asked, "same")
    run = Run.objects.get()
    assert (run.integration, run.state) == (asked.integration, Run.State.READING)


def test_the_last_decision_of_the_sitting_is_undone(ann, pair):
    one, two = (candidate(pair, customer(pair.left), member(pair.right), score=score) for score in ("0.9", "0.8"))
    decide(ann, one, "same")
    decide(ann, two, "never")
    page = text_of(ann.get(reverse("admin:duplicates")))
    assert "Undo the last decision" in page and "Never these two" in page
    assert ann.post(reverse("admin:duplicates_undo")).url == f"{url(two)}#pair"
    ann.post(reverse("admin:duplicates_undo"))
    assert not Link.objects.exists()
    assert set(Candidate.objects.values_list("decision", flat=True)) == {Decision.OPEN}
    assert "no decision of this sitting" in text_of(ann.post(reverse("admin:duplicates_undo"), follow=True))


def test_never_is_listed_where_it_can_be_taken_back(ann, asked):
    decide(ann, asked, "never")
    listed = reverse("admin:duplicates") + "?state=never"
    assert url(asked) in text_of(ann.get(listed))
    decide(ann, asked, "open", "?state=never")
    asked.refresh_from_db()
    assert asked.decision == Decision.OPEN
    assert "Nobody has said" in text_of(ann.get(listed))


def test_what_was_put_off_comes_back_on_its_day(ann, asked):
    Candidate.objects.update(decision=Decision.LATER, until=factories.today() + timedelta(days=1))
    assert "No pair waits" in text_of(ann.get(reverse("admin:duplicates")))
    Candidate.objects.update(until=factories.today())
    assert url(asked) in text_of(ann.get(reverse("admin:duplicates")))


def test_pairs_whose_record_is_linked_gone_or_merged_do_not_wait(ann, pair):
    linked, gone, merged = (candidate(pair, customer(pair.left), member(pair.right)) for _ in range(3))
    factories.link(pair, linked.left, member(pair.right))
    Record.objects.filter(pk=gone.right_id).update(gone=True)
    Record.objects.filter(pk=merged.left_id).update(merged_into="9")
    assert "No pair waits" in text_of(ann.get(reverse("admin:duplicates")))


def found(client, **query):
    page = text_of(client.get(reverse("admin:duplicates"), query))
    return {int(pk) for pk in re.findall(r"data-row-link href=\"/admin/duplicates/\w+/(\d+)/", page)}


def test_filters_narrow_by_likeness_shared_address_age_and_waiting_documents(ann, pair):
    high = candidate(pair, customer(pair.left), member(pair.right), score="0.95")
    other = candidate(pair, customer(pair.left), member(pair.right, email="x@roe.example"), score="0.55")
    factories.change(
        factories.run(pair, state="held"), entity="sale", state="held", code="PARENT-HELD",
        params={"parent_key": f"customers:{other.left.remote_id}"},
    )  # fmt: skip
    Candidate.objects.filter(pk=other.pk).update(found_at=timezone.now() - timedelta(days=40))
    assert found(ann) == {high.pk, other.pk}
    assert found(ann, zone="high") == {high.pk}
    assert found(ann, least="0,9") == {high.pk}
    assert found(ann, least="60") == {high.pk}
    assert found(ann, equal="email") == {high.pk}
    assert found(ann, equal="name") == {high.pk, other.pk}
    assert found(ann, older="30") == {other.pk}
    assert found(ann, waiting="1") == {other.pk}
    assert found(ann, integration=str(factories.integration().pk)) == set()
    assert found(ann, organization=str(pair.organization_id)) == {high.pk, other.pk}
    assert found(ann, zone="<script>", least="drop table", older="-1", integration="x") == {high.pk, other.pk}


# many at once


def bulk(client, do, picks=(), query="", **more):
    return client.post(reverse("admin:duplicates_bulk") + query, {"do": do, "pick": [row.pk for row in picks], **more})


def confirm(client, answer, do, query="", **more):
    """Press the button of a confirmation page, with what it holds."""
    page = answer.content.decode()
    return client.post(
        reverse("admin:duplicates_bulk") + query,
        {
            "do": do, "confirmed": "yes", "shown": re.search(r'name="shown" value="(\w+)"', page).group(1),
            "pick": re.findall(r'name="pick" value="(\d+)"', page), **more,
        },
    )  # fmt: skip


def test_many_are_decided_after_a_page_that_says_how_many_and_what_moves(ann, pair):
    rows = [candidate(pair, customer(pair.left), member(pair.right)) for _ in range(3)]
    answer = bulk(ann, "same", rows[:2])
    page = text_of(answer)
    assert "2 links are made." in page and "2 pairs" in page
    assert not Link.objects.exists(), "asked first"
    confirm(ann, answer, "same")
    assert Link.objects.count() == 2
    rows[2].refresh_from_db()
    assert rows[2].decision == Decision.OPEN


def test_all_of_a_list_are_decided_but_never_others_than_were_shown(ann, pair):
    rows = [candidate(pair, customer(pair.left), member(pair.right), score="0.95") for _ in range(3)]
    candidate(pair, customer(pair.left), member(pair.right), score="0.6")
    query = "?zone=high"
    answer = bulk(ann, "never", query=query, all="1")
    assert "3 pairs" in text_of(answer)
    decide(ann, rows[0], "same")
    again = confirm(ann, answer, "never", query)
    assert "The list changed since you looked" in text_of(again)
    assert Candidate.objects.filter(decision=Decision.NEVER).count() == 0
    confirm(ann, again, "never", query)
    assert Candidate.objects.filter(decision=Decision.NEVER).count() == 2
    assert Candidate.objects.filter(decision=Decision.OPEN).count() == 1


def test_refused_ones_are_told_with_their_reason(ann, pair):
    left = customer(pair.left)
    rows = [candidate(pair, left, member(pair.right)) for _ in range(2)]
    page = text_of(ann.get(confirm(ann, bulk(ann, "same", rows), "same").url))
    assert "2 pairs were left as they are" in page
    assert "several of the chosen pairs want the same record" in page
    assert not Link.objects.exists()


def test_nothing_chosen_decides_nothing(ann, asked):
    assert "No pair is chosen" in text_of(ann.get(bulk(ann, "same").url))


def test_many_links_are_split_at_once(ann, pair):
    rows = [candidate(pair, customer(pair.left), member(pair.right)) for _ in range(2)]
    for row in rows:
        decide(ann, row, "same")
    query = "?state=same"
    answer = bulk(ann, "split", rows, query)
    assert "2 links are taken apart." in text_of(answer)
    confirm(ann, answer, "split", query)
    assert not Link.objects.exists()
    assert set(Candidate.objects.values_list("decision", flat=True)) == {Decision.NEVER}


def test_many_doubles_are_merged_into_the_record_more_hangs_on(ann, pair):
    rows = [double(pair.left, (f"Jane Roe{n}", f"J Roe{n}")) for n in range(2)]
    factories.link(pair, rows[0].right, member(pair.right))
    query = "?kind=inside"
    answer = bulk(ann, "merge", rows, query)
    page = text_of(answer)
    assert "Merge – 2 pairs?" in page and "All of this can be undone" in page
    assert not Merge.objects.exists()
    confirm(ann, answer, "merge", query)
    assert set(Merge.objects.values_list("keep", "drop")) == {
        (rows[0].right_id, rows[0].left_id), (rows[1].left_id, rows[1].right_id),
    }  # fmt: skip


# merging


def test_merging_asks_which_is_kept_and_lists_what_moves_then_is_undone(ann, pair):
    row = double(pair.left)
    link = factories.link(pair, row.right, member(pair.right))
    factories.record(pair.left, "invoices", party=row.left.remote_id)
    address = url(row, "duplicate_merge")
    page = text_of(ann.get(address))
    assert "1 document names the dropped record" in page
    assert "1 link moves to the record that is kept." in page
    assert re.search(rf'value="{row.right_id}" checked', page), "the linked one is suggested"
    ann.post(address, {"keep": str(row.left_id)})
    ann.post(address, {"keep": "999999", "confirmed": "yes"})
    assert not Merge.objects.exists()
    answer = ann.post(address, {"keep": str(row.left_id), "confirmed": "yes"})
    made = Merge.objects.get()
    assert answer.url == reverse("admin:duplicates_merged", args=[made.pk])
    page = text_of(ann.get(answer.url))
    assert "sub-customers" in page and "To be done at the vendor" in page
    assert Link.objects.get(pk=link.pk).left_id == row.left_id
    ann.post(reverse("admin:duplicates_undo"))
    link.refresh_from_db()
    assert (link.left_id, Link.objects.count()) == (row.right_id, 1)
    row.refresh_from_db()
    assert row.decision == Decision.OPEN


def test_the_survivors_page_shows_the_history_of_both(ann, pair):
    row = double(pair.left)
    run = factories.run(pair, state="done")
    factories.change(run, source=row.right, state="done", title="Of the dropped one", settled_at=timezone.now())
    ann.post(url(row, "duplicate_merge"), {"keep": str(row.left_id), "confirmed": "yes"})
    page = text_of(ann.get(reverse("admin:record", args=[row.left_id])))
    assert reverse("admin:run_page", args=[run.pk]) in page


def test_two_records_one_contact_matches_are_brought_together_from_the_pair(ann, pair):
    right = member(pair.right)
    one, other = (candidate(pair, customer(pair.left, name), right) for name in ("Jane Roe", "J. Roe"))
    page = text_of(ann.get(url(one)))
    assert "Others that want one of the two" in page and url(other) in page
    answer = ann.post(reverse("admin:duplicates_suspect"), {"left": one.left_id, "right": other.left_id})
    assert answer.url == url(Double.objects.get(), "duplicate_merge")


def test_records_of_two_systems_are_not_brought_together_to_merge(ann, asked):
    ann.post(reverse("admin:duplicates_suspect"), {"left": asked.left_id, "right": asked.right_id})
    assert not Double.objects.exists()
    assert ann.post(reverse("admin:duplicates_suspect"), {"left": asked.left_id, "right": "x"}).status_code == 404


# splitting


def test_splitting_lists_what_was_written_and_plans_to_take_it_back(ann, pair):
    link = factories.link(pair, customer(pair.left), member(pair.right))
    factories.change(
        factories.run(pair, state="done"), source=link.left, target=link.right, action="update", state="done",
        before={"given_name": "Janet"}, after={"given_name": "Jane"}, settled_at=timezone.now(),
        remote_id=link.right.remote_id,
    )  # fmt: skip
    address = reverse("admin:duplicates_split", args=[link.pk])
    page = text_of(ann.get(address))
    assert "<del>Janet</del>" in page and "<ins>Jane</ins>" in page
    ann.post(address)
    assert Link.objects.exists(), "asked first"
    answer = ann.post(address, {"confirmed": "yes", "undo": "1"})
    run = Run.objects.get(kind=Run.Kind.UNDO)
    assert answer.url == reverse("admin:run_plan", args=[run.pk])
    assert not Link.objects.exists()
    assert "takes back what a wrong link wrote" in text_of(ann.get(answer.url))


# searching


def test_an_account_is_searched_and_its_progress_shown(ann, pair):
    from bridge.jobs import doubles

    customer(pair.left)
    customer(pair.left)
    answer = ann.post(reverse("admin:duplicates_search"), {"connection": pair.left_id})
    search = DoubleSearch.objects.get()
    assert 'data-open="yes"' in text_of(ann.get(answer.url))
    doubles.work(search.pk)
    part = text_of(ann.get(reverse("admin:duplicates_search_progress", args=[search.pk])))
    assert 'data-open="no"' in part and "1 new pair to decide" in part
    assert found(ann, kind="inside") == {Double.objects.get().pk}


# rights and reach


def test_reading_needs_a_right_and_deciding_another(client, asked):
    person = factories.staff(is_superuser=False)
    client.force_login(person)
    assert client.get(reverse("admin:duplicates")).status_code == 403
    person.staff_role = "operator"
    person.save()
    client.force_login(person)  # a change of role ends sessions
    page = text_of(client.get(url(asked)))
    assert "Different: never these two" not in page
    for name in ("never", "same"):
        assert decide(client, asked, name).status_code == 403
    assert bulk(client, "never", [asked]).status_code == 403
    link = factories.link(asked.integration, asked.left, asked.right)
    assert client.post(reverse("admin:duplicates_split", args=[link.pk]), {"confirmed": "yes"}).status_code == 403
    person.staff_role = "approver"
    person.save()
    client.force_login(person)  # a change of role ends sessions
    assert decide(client, asked, "never").status_code == 302


def test_people_of_clients_do_not_reach_the_desk(client, asked, pair):
    client.force_login(factories.client_person(pair.organization))
    for address in (reverse("admin:duplicates"), url(asked), reverse("admin:duplicates_merges")):
        assert client.get(address).status_code in (302, 403, 404)
    assert (
        sidebyside.chosen(
            factories.client_person(factories.organization()), sidebyside.Asked(), factories.today()
        ).count()
        == 0
    )
    assert (
        sidebyside.chosen(factories.client_person(pair.organization), sidebyside.Asked(), factories.today()).count()
        == 1
    )


def test_ids_that_are_not_there_give_404(ann, asked):
    gone = 10**9
    for name, args in (
        ("duplicate", ["between", gone]), ("duplicate", ["elsewhere", asked.pk]), ("duplicate_merge", ["between", asked.pk]),
        ("duplicates_merged", [gone]), ("duplicates_split", [gone]), ("duplicates_documents", [gone]),
        ("duplicates_searching", [gone]),
    ):  # fmt: skip
        assert ann.get(reverse(f"admin:{name}", args=args)).status_code == 404, name
    assert decide(ann, asked, "delete").status_code == 404
    assert bulk(ann, "delete", [asked]).status_code == 404
    assert ann.post(reverse("admin:duplicates_search"), {"connection": "1 or 1"}).status_code == 404


def test_decisions_are_posted_never_fetched(ann, asked):
    for name in ("duplicates_undo", "duplicates_bulk", "duplicates_suspect", "duplicates_search"):
        assert ann.get(reverse(f"admin:{name}")).status_code == 405
    assert ann.get(url(asked, "duplicate_decide")).status_code == 405


def asked_of_the_database(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("kind", ["between", "inside"])
def test_a_longer_list_asks_the_database_no_more(ann, pair, kind):
    def more(how_many):
        for number in range(how_many):
            if kind == "between":
                row = candidate(pair, customer(pair.left), member(pair.right))
            else:
                row = double(pair.left)
            factories.link(
                pair, customer(pair.left), row.right if kind == "between" else member(pair.right), shared=True
            )
            factories.record(pair.left, "invoices", party=row.left.remote_id, amount=number)

    more(2)
    address = f"{reverse('admin:duplicates')}?kind={kind}"
    few = asked_of_the_database(ann, address)
    more(18)
    assert asked_of_the_database(ann, address) <= few
    assert few < 30


def test_a_pair_in_a_long_list_asks_the_database_no_more(ann, pair):
    row = candidate(pair, customer(pair.left), member(pair.right), score="0.8")
    few = asked_of_the_database(ann, url(row))
    for number in range(15):
        candidate(pair, customer(pair.left), member(pair.right), score=f"0.{60 + number}")
        factories.record(pair.left, "invoices", party=row.left.remote_id, amount=number, currency="CAD")
    assert asked_of_the_database(ann, url(row)) <= few + 1
    assert few < 40


def test_names_are_shown_as_text_whatever_they_hold(ann, pair):
    row = candidate(pair, customer(pair.left, "<script>alert(1)</script>"), member(pair.right))
    for address in (reverse("admin:duplicates"), url(row)):
        assert "<script>alert(1)" not in ann.get(address).content.decode()


def test_today_counts_the_pairs_that_wait(ann, asked):
    page = text_of(ann.get(reverse("admin:index")))
    assert "pair that may be the same" in page
    assert reverse("admin:duplicates") in page


# at the vendor


def test_where_the_vendor_merges_by_call_the_plan_is_one_press_away_and_waits(ann):
    owner = factories.organization()
    crm = factories.connection(owner, "hubspot")
    pair = factories.integration(owner, recipe="quickbooks_hubspot", right=crm)
    rows = [
        factories.record(crm, "contacts", remote_id=str(n), name=f"Jane {n}", fingerprint=f"{n:032d}",
                         document={"id": str(n), "properties": {"firstname": "Jane", "email": f"jane{n}@roe.example"}})
        for n in (71, 72)
    ]  # fmt: skip
    row = Double.objects.create(connection=crm, entity="contact", left=rows[0], right=rows[1], score="0.9")
    assert "it waits for approval" in text_of(ann.get(url(row, "duplicate_merge")))
    ann.post(url(row, "duplicate_merge"), {"keep": str(rows[0].pk), "confirmed": "yes"})
    made = Merge.objects.get()
    address = reverse("admin:duplicates_merged", args=[made.pk])
    assert "Plan the merge at the vendor" in text_of(ann.get(address))
    answer = ann.post(reverse("admin:duplicates_prepare", args=[made.pk]))
    run = Run.objects.get(integration=pair)
    assert answer.url == reverse("admin:run_plan", args=[run.pk])
    plan = text_of(ann.get(answer.url))
    assert "This plan merges Jane 72 into Jane 71 at the vendor" in plan
    assert "Waits for approval" in text_of(ann.get(address))
    assert "already" in text_of(ann.post(reverse("admin:duplicates_prepare", args=[made.pk]), follow=True))
    ann.post(reverse("admin:duplicates_unmerge", args=[made.pk]))
    assert not run.changes.exclude(state="superseded").exists()
