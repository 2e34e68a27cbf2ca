"""Random stories of two address books over HTTP and of the real jobs with the database: both books end in step."""

import random

import pytest

from bridge.engine.kinds import kinds_of
from bridge.engine.two_way import alike
from bridge.hub.models import Change, Conflict, Link
from bridge.jobs import conflicts
from connectors.contract import SyncError
from tests import address_books
from tests.house import House

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = 60
KINDS = kinds_of("contact")
MUTUAL = ("email", "phone", "given_name", "company")
WORDS = {
    "email": [None, *(f"person{n}@example.com" for n in range(5))],
    "phone": [None, "514-555-0101", "(514) 555-0102", "438.555.0103"],
    "given_name": [None, "Ann", "Ève", "BOB "],
    "company": [None, "Fiction", "Essai inc."],
    "notes": [None, "a", "b"],
}


@pytest.fixture
def pair(monkeypatch, settings, transactional_db):
    """A client with two books, nobody in them yet."""
    settings.Q_CLUSTER["sync"] = False
    with address_books.open_books(monkeypatch, settings) as (north, south):
        yield address_books.Pair(north, south)


class Story:
    """What happens to the two books, and how much of it somebody changed."""

    def __init__(self, pair, seed):
        self.pair, self.chance, self.changes = pair, random.Random(seed), 0

    def step(self):
        """One thing happens."""
        chance = self.chance
        book = chance.choice([self.pair.north, self.pair.south])
        live = [row["id"] for row in book.people.values() if not row["gone"]]
        what = chance.choices(["add", "edit", "both", "delete", "merge", "run", "decide"], [4, 22, 6, 1, 1, 10, 3])[0]
        if what == "add" and len(live) < 10:
            book.put(**{name: chance.choice(words) for name, words in WORDS.items() if chance.random() < 0.7})
            self.changes += 1
        elif what == "edit" and live:
            self.edit(book, chance.choice(live))
        elif what == "both":
            for link in Link.objects.select_related("left", "right").order_by("pk")[:1]:
                self.edit(self.pair.north, link.left.remote_id, "phone")
                self.edit(self.pair.south, link.right.remote_id, "phone")
        elif what == "delete" and len(live) > 3:
            book.put(chance.choice(live), gone=True)
            self.changes += 1
        elif what == "merge" and len(live) > 3:
            book.merge(*chance.sample(live, 2))
            self.changes += 5
        elif what == "run":
            book.lose, book.loses = chance.choice([0, 0, 1]), chance.choice(["before", "after"])
            self.run()
        elif what == "decide":
            self.decide(conflicts.open_conflicts(self.pair.ann).order_by("pk")[:1])

    def edit(self, book, number, name=""):
        """Somebody changes one field of one person."""
        name = name or self.chance.choice(list(WORDS))
        before = dict(book.people[number])
        book.put(number, **{name: self.chance.choice(WORDS[name])})
        self.changes += book.people[number][name] != before[name]

    def decide(self, waiting):
        """A person picks a side, or types a value."""
        winner = self.chance.choice(["left", "right", "value"])
        for item in waiting:
            try:
                value = "person9@example.com" if item.field == "email" else "418-555-0199"
                told = conflicts.decide([item], winner, self.pair.ann, value)
            except SyncError:
                continue
            self.changes += 2
            for run in told.runs:
                self.finish(run)

    def finish(self, run):
        house = House.__new__(House)
        house.ann, house.integration = self.pair.ann, self.pair.integration
        house.finish(run)

    def run(self):
        self.pair.run()
        self.pair.north.lose = self.pair.south.lose = 0

    def ends_in_step(self):
        """Two runs without a fault, and then there is nothing left to do."""
        pair = self.pair
        pair.north.lose = pair.south.lose = 0
        pair.run()
        pair.run()
        before = pair.writes()
        pair.run()
        assert pair.writes() == before, "a third run still has something to write"
        lost = Change.objects.filter(integration=pair.integration, attempts__gt=1).count()
        assert sum(before) <= 2 * self.changes + lost, (before, self.changes, lost)
        asked = {(item.link_id, item.field) for item in Conflict.objects.filter(decision="open")}
        for link in Link.objects.filter(shared=False).select_related("left", "right"):
            one, other = pair.north.people[link.left.remote_id], pair.south.people[link.right.remote_id]
            if one["gone"] or other["gone"]:
                continue
            for name in MUTUAL:
                values = one[name] or None, other[name] or None
                assert (link.pk, name) in asked or alike(KINDS[name], *values), (name, values, link.sent, link.kept)
        for book, side in ((pair.north, "left"), (pair.south, "right")):
            ours = {row["id"] for row in book.people.values() if row["mark"] and not row["gone"]}
            known = set(Link.objects.values_list(f"{side}__remote_id", flat=True))
            survivors = {row["merged_into"] for row in book.people.values() if row["merged_into"]}
            assert ours - known <= survivors, "made and forgotten: it would be made again"


@pytest.mark.parametrize("seed", [1, 2])
def test_two_books_end_in_step_whatever_happens_to_them(pair, seed):
    story = Story(pair, seed)
    for _ in range(STEPS):
        story.step()
    story.ends_in_step()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_twenty_stories_end_in_step(pair, seed):
    story = Story(pair, seed)
    for _ in range(STEPS):
        story.step()
    story.ends_in_step()
