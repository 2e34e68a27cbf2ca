"""Windows of time: cut where rows are, proven by a count that held still, and never by what left meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.shopmonkey.lists import DEPTH, IDLE, SWEEPS, Ignored, Lists, Window
from connectors.shopmonkey.wire import LIMIT, ORDERS, stamp

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def lists():
    return Lists(None, ORDERS, {}, NOW)  # type: ignore[arg-type]  # nothing is called here: answers are handed in


def row(name, days=0.0):
    return {"id": str(name), "createdDate": stamp(NOW - timedelta(days=days))}


def take(lists, window, got, total):
    return lists._take(window, got, total)


def test_a_window_is_proven_when_as_many_ids_as_are_counted_were_met(lists):
    window = Window("createdDate")
    take(lists, window, [row("a"), row("b")], 3)
    assert not window.done and window.missing == 1
    take(lists, window, [row("b"), row("c")], 3)
    assert window.done and window.missing is None


def test_a_count_that_moved_begins_the_proof_anew(lists):
    """Three of four were met, one of those leaves: three of three would be a lie."""
    window = Window("createdDate")
    take(lists, window, [row("a"), row("b"), row("left")], 4)
    take(lists, window, [row("a")], 3)
    assert not window.done and window.proof == {"a"}
    take(lists, window, [row("b")], 3)
    assert not window.done
    take(lists, window, [row("never met before")], 3)
    assert window.done and set(window.found) == {"a", "b", "left", "never met before"}


def test_more_ids_than_are_counted_prove_nothing(lists):
    window = Window("createdDate")
    take(lists, window, [row("a"), row("b"), row("c")], 2)
    assert not window.done and window.missing == 0
    for _ in range(SWEEPS):
        take(lists, window, [row("a"), row("b"), row("c")], 2)
    assert window.done and window.missing == 0  # incomplete: nobody knows how many


def test_a_list_without_a_count_is_never_proven(lists):
    window = Window("createdDate", depth=DEPTH)
    for _ in range(IDLE + 1):
        take(lists, window, [row("a")], None)
    assert window.done and window.missing == 0


def test_a_window_that_stands_still_is_cut_and_then_given_up(lists):
    window, parts = Window("createdDate"), []
    for _ in range(SWEEPS):
        parts = take(lists, window, [row("a", 3), row("b", 1)], 9)
        if parts != [window]:
            break
    assert len(parts) >= 2 and all(part.depth == 1 for part in parts)
    last = Window("createdDate", NOW - timedelta(days=3), NOW, depth=DEPTH)
    for _ in range(IDLE + 1):
        take(lists, last, [row("b", 1)], 9)
    assert last.done and last.missing == 8


def test_a_large_window_is_cut_into_parts_that_leave_nothing_out(lists):
    got = [row(at, at) for at in range(LIMIT)]
    parts = take(lists, Window("createdDate"), got, 5000)
    assert len(parts) > 10 and parts[0].low is None and parts[-1].high is None
    assert all(one.high == next_.low for one, next_ in zip(parts, parts[1:], strict=False))
    assert {name for part in parts for name in part.found} == {str(at) for at in range(LIMIT)}
    assert all(part.proof == set() for part in parts)  # what was met before is no proof of what is counted now


@pytest.mark.parametrize("got", [[], [row("a")], [row("a"), row("b")], [row("a", 9000), row("b", -9000)]], ids=len)
def test_cutting_comes_to_an_end(lists, got):
    """However rows lie, windows get smaller until they cannot be cut, and are read page by page then."""
    queue, cut = [Window("createdDate")], 0
    while queue:
        window = queue.pop()
        inside = [item for item in got if window.holds(item)]
        parts = take(lists, window, inside, 500 if inside else 0)
        if parts != [window]:
            cut += 1
            queue += parts
        elif not window.paged and not window.done:
            queue.append(window)
    assert cut < 80


def test_a_row_outside_the_window_gives_an_ignored_filter_away(lists):
    window = Window("createdDate", NOW - timedelta(days=2), NOW)
    with pytest.raises(Ignored):
        take(lists, window, [row("a", 1), row("b", 30)], 2)
    take(lists, Window("createdDate", NOW), [{"id": "x", "createdDate": "empty"}], 1)  # tells no time: proves nothing


def pages(window):
    """Let a list of two hundred rows be asked for its pages; what the first one brought."""
    lists = Lists(None, ORDERS, {}, NOW)  # type: ignore[arg-type]
    assert lists._sweep(window, [(0, [row(at, at) for at in range(LIMIT)], 200)]) == [window]
    assert list(window.skips) == [LIMIT] and not window.done
    return lists


def test_a_list_that_leaves_nothing_out_is_proven_by_its_pages():
    window = Window("createdDate")
    pages(window)._sweep(window, [(LIMIT, [row(at, at) for at in range(LIMIT, 200)], 200)])
    assert window.done and window.missing is None and len(window.found) == 200


def test_a_page_that_lacks_rows_gives_the_list_away_and_its_windows_are_cut():
    window = Window("createdDate")
    lists = pages(window)
    parts = lists._sweep(window, [(LIMIT, [row(at, at) for at in range(LIMIT, 190)], 200)])
    assert lists.lossy and len(parts) > 3 and not any(part.proof or part.tried for part in parts)
    more = lists._sweep(Window("createdDate"), [(0, [row(at, at) for at in range(LIMIT)], 200)])
    assert len(more) > 3  # its pages are not asked for again


def test_pages_that_do_not_count_alike_prove_nothing():
    """One order was added and one taken away while they were read: two hundred ids, and one of those was never seen."""
    window = Window("createdDate")
    parts = pages(window)._sweep(window, [(LIMIT, [row(at, at) for at in range(LIMIT, 200)], 201)])
    assert parts != [window] and all(not part.proof and not part.done for part in parts)
    paged = Window("createdDate", total=200, paged=True)
    assert list(paged.skips) == [0, LIMIT]
    first, second = [row(at) for at in range(LIMIT)], [row(at) for at in range(LIMIT, 200)]
    lists = Lists(None, ORDERS, {}, NOW)  # type: ignore[arg-type]
    lists._sweep(paged, [(0, first, 201), (LIMIT, second, 200)])
    assert not paged.done and not paged.proof and len(paged.found) == 200
    lists._sweep(paged, [(0, first, 200), (LIMIT, second, 200)])
    assert paged.done and paged.missing is None


def test_pages_of_another_list_give_an_ignored_filter_away():
    window = Window("createdDate", NOW - timedelta(days=300))
    lists = pages(window)
    with pytest.raises(Ignored):
        lists._sweep(window, [(LIMIT, [row("old", 400)], 200)])
