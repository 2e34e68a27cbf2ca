"""From records to decisions. Pure: the same answer twice, and nothing left to do once a decision is carried out.

Each side is compared with its own past (`link.sent`, `link.kept`), so a write that comes back is no news: no echo, no
loop. A field that is not told changes nothing; a field told empty clears only what was sent before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from bridge.engine.filters import evaluate, passes
from bridge.engine.kinds import NOT_TOLD, day_in, frozen, kinds_of, same_value
from bridge.engine.match import Match, match, match_value, score
from bridge.engine.model import Action, CannotMap, Composed, Decision, FlowSpec, LinkState, Pair, Rule, Verdict
from bridge.engine.two_way import Counter, alike, blind, holds, moved, outputs, said_with, unmoved, winner
from connectors.contract import Excluded, Record

UNLINKED = LinkState("", {}, {})
# Parts of a document that only make sense together: when one changes all are written.
TOGETHER = frozenset({"lines", "taxes", "tax_total", "total", "prices_include_tax"})


@dataclass(slots=True)
class _Fields:
    """What comparing two records field by field gave, so far."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict)
    agreed: dict[str, Any] = field(default_factory=dict)  # what the target has where nothing is written
    stale: bool = False  # both sides agree on something the link does not remember

    def write(self, name: str, have: Any, value: Any, want: Any) -> None:
        self.before[name], self.after[name], self.sent[name] = have, value, want

    def agree(self, name: str, want: Any, have: Any, link: LinkState) -> None:
        self.sent[name], self.agreed[name] = want, have
        if name not in link.sent or link.sent[name] != want or link.kept.get(name) != have:
            self.stale = True


def plan_pair(pair: Pair, flow: FlowSpec) -> Decision:
    """Return what is to be done about one source record. What is no value of ours (a float) makes it a hold."""
    try:
        return _plan_pair(pair, flow)
    except CannotMap as error:
        return _kept_back("hold", pair, error.code, error.params)
    except TypeError as error:
        return _kept_back("hold", pair, "VALUE-UNREADABLE", {"detail": str(error)})


def _plan_pair(pair: Pair, flow: FlowSpec) -> Decision:
    source, link = pair.source, pair.link
    if pair.excluded_by_person:
        return _kept_back("skip", pair, "EXCLUDED-BY-PERSON", {"reason": pair.excluded_by_person})
    if source.merged_into:
        return _kept_back("skip", pair, "SOURCE-MERGED", {"survivor": source.merged_into})
    if source.gone:
        return _source_gone(pair, flow)
    if (early := _before_start(pair, flow)) or (early := _filtered(pair, flow)):
        return early
    found = None if link else _match(pair, flow)
    target = pair.target if link else _twin(pair, found)
    if target and found and found.kind == "one" and pair.mates:
        found = _matched_both_ways(pair, flow, found, target)
    if flow.exclusions and (excluded := _excluded(pair, target, flow)):
        return excluded
    if flow.compose:
        return _composed(replace(pair, posted=flow.compose(pair, target)), flow, found, target)
    if link is None:
        return _unlinked(pair, flow, found, target)
    if target is None or target.gone or target.merged_into:
        return _target_gone(pair, target)
    return _decision("none", pair) if link.shared else _linked(pair, flow, link, target)


def _composed(pair: Pair, flow: FlowSpec, found: Match | None, target: Record | None) -> Decision:
    """Decide about a record that becomes a document as a whole, and keep the remarks made on the way."""
    posted, link = pair.posted, pair.link
    assert posted is not None  # noqa: S101 - set by the only caller
    if link is None and posted.action != "write":
        code, params = posted.warnings[0] if posted.warnings else ("SOURCE-INACTIVE", {})
        return _kept_back("skip", pair, code, params)
    if link is None:
        decision = _unlinked(pair, flow, found, target)
    elif target is None or target.gone or target.merged_into:
        return _target_gone(pair, target)
    elif link.shared:
        return _decision("none", pair)
    elif posted.action == "void":
        return _voided(pair, target, "void", flow)
    else:
        decision = _linked(pair, flow, link, target)
    if not posted.warnings or decision.action not in ("create", "update"):
        return decision
    remarks = [{"code": code, "params": dict(params)} for code, params in posted.warnings]
    return replace(decision, params={**decision.params, "warnings": remarks})


def _voided(pair: Pair, target: Record, action: Action, flow: FlowSpec) -> Decision:
    if target.values.get("status") == "void":
        return _decision("none", pair)
    kinds = kinds_of(flow.entity)
    before = {name: frozen(value, kinds.get(name, "")) for name, value in target.values.items()}
    return _decision(action, pair, before=before, code="source-gone")


def _decision(action: Action, pair: Pair, target: Record | None = None, **more: Any) -> Decision:
    target = target or pair.target
    target_id = target.remote_id if target else None
    resource = target.resource if target else None
    return Decision(action, pair.source.remote_id, pair.source.resource, target_id, resource, **more)


def _kept_back(action: Action, pair: Pair, code: str, params: Mapping[str, object], **more: Any) -> Decision:
    return _decision(action, pair, code=code, params=params, **more)


# -- what never gets as far as its fields -------------------------------------------------------------------------


def _source_gone(pair: Pair, flow: FlowSpec) -> Decision:
    if pair.link is None:
        return _kept_back("skip", pair, "SOURCE-INACTIVE", {})
    # A follower's target is another record's too.
    if flow.removes == "never" or pair.link.shared:
        return _kept_back("skip", pair, "SOURCE-GONE", {})
    target = pair.target
    if target is None or target.gone:
        return _decision("none", pair)
    if (posted := _made_of_gone(pair, target, flow)) and posted.action == "flag":
        return _linked(replace(pair, posted=posted), flow, pair.link, target)
    return _voided(pair, target, flow.removes, flow)


def _made_of_gone(pair: Pair, target: Record, flow: FlowSpec) -> Composed | None:
    """Return what a source that is gone becomes; None where it does not tell enough any more to become anything."""
    try:
        return flow.compose(pair, target) if flow.compose else None
    except CannotMap:
        return None


def _target_gone(pair: Pair, target: Record | None) -> Decision:
    if target and target.merged_into:
        params = {"survivor": target.merged_into}
        return _decision("hold", pair, target, code="TARGET-MERGED", params=params)
    return _decision("hold", pair, target, code="TARGET-GONE")


def _before_start(pair: Pair, flow: FlowSpec) -> Decision | None:
    if flow.start_date is None or pair.link is not None:
        return None
    dated = day_in(pair.source.values.get("date"), flow.zone)
    if dated is None or dated >= flow.start_date:
        return None
    params = {"date": dated.isoformat(), "start": flow.start_date.isoformat()}
    return _kept_back("skip", pair, "BEFORE-START", params)


def _filtered(pair: Pair, flow: FlowSpec) -> Decision | None:
    if not flow.filter or passes(flow.filter, pair.source.values, flow.zone):
        return None
    trace = evaluate(flow.filter, pair.source.values, flow.zone)[1]
    failed = next((row for row in trace if not row["passed"]), {})
    return _kept_back("skip", pair, "FILTERED", dict(failed), trace=trace)


def _excluded(pair: Pair, target: Record | None, flow: FlowSpec) -> Decision | None:
    for reason in flow.exclusions:
        params = _exclusion(reason, pair, target, flow)
        if params is not None:
            return _decision(reason.kind, pair, target, code=reason.code, params=params)
    return None


def _exclusion(reason: Excluded, pair: Pair, target: Record | None, flow: FlowSpec) -> Mapping[str, object] | None:
    try:
        return reason.test(pair.source.values, target.values if target else None, flow.settings)
    except (KeyError, ValueError, AttributeError, ArithmeticError) as error:
        # A recipe met a record of a shape it did not foresee: this one waits, the others go on.
        raise CannotMap("VALUE-UNREADABLE", detail=f"{reason.code}: {type(error).__name__} {error}") from error


# -- records without a link ---------------------------------------------------------------------------------------


def _match(pair: Pair, flow: FlowSpec) -> Match:
    twins = pair.twins
    if not twins and pair.target is not None:
        twins = (pair.target,)
    if pair.same is not None:
        return Match("one", pair.same, 1.0)
    return match(pair.source, twins, flow.match_on, pair.never, flow.entity)


def _matched_both_ways(pair: Pair, flow: FlowSpec, found: Match, twin: Record) -> Match:
    """Return the match, if it is one seen from the twin too: of two records that could have it none gets it unasked."""
    if flow.allow_shared or pair.rival is not None:
        return found
    back = match(twin, (pair.source, *pair.mates), flow.match_on, frozenset(), flow.entity)
    if back.kind == "one" and back.target_id == pair.source.remote_id:
        return found
    return replace(found, kind="several", others=(twin.remote_id,))


def _twin(pair: Pair, found: Match | None) -> Record | None:
    if found is None or found.kind != "one":
        return None
    return next((twin for twin in (*pair.twins, pair.target) if twin and twin.remote_id == found.target_id), None)


def _unlinked(pair: Pair, flow: FlowSpec, found: Match | None, twin: Record | None) -> Decision:
    if pair.expected:
        return _decision("hold", pair, code="TWIN-ON-ITS-WAY")
    if pair.rival is not None:
        return _rival(pair, flow, twin, pair.rival)
    if found and found.kind in ("several", "maybe", "barred"):
        return _candidate(pair, found)
    if twin is None:
        return _create(pair, flow)
    if twin.gone or twin.merged_into:
        return _target_gone(pair, twin)
    code = "same-email" if flow.match_on == ("email",) else "same-fields"
    if pair.same is not None:
        code = "same-id"
    fields = _compare(pair, flow, UNLINKED, twin)
    action: Action = "update" if fields.after else "link"
    params = {"match_on": list(flow.match_on), "score": _points(found.score if found else 0)}
    return _done_by(action, pair, twin, fields, code, params)


def _rival(pair: Pair, flow: FlowSpec, twin: Record | None, rival: str) -> Decision:
    known = (*pair.twins, pair.target)
    twin = twin or next((item for item in known if item), None)
    if flow.allow_shared and twin is not None:
        return _decision("follow", pair, twin, code="shared", params={"leader": rival})
    code, params = _shared_key(pair, flow, rival)
    if twin is not None and not _same_key(pair, flow, twin):
        code = "TWIN-TAKEN"
    return _decision("hold", pair, twin, code=code, params=params)


def _same_key(pair: Pair, flow: FlowSpec, twin: Record) -> bool:
    return all(
        match_value(name, twin.values) == match_value(name, pair.source.values) != "" for name in flow.match_on or ("",)
    )


def _shared_key(pair: Pair, flow: FlowSpec, rival: str) -> tuple[str, dict[str, object]]:
    """Return the code and params that say which value two sources share."""
    name = flow.match_on[0] if flow.match_on else ""
    value = match_value(name, pair.source.values) if name else ""
    if flow.entity == "contact" and name == "email" and value:
        return "CONTACT-EMAIL-SHARED", {"email": value, "rival": rival}
    return "TWIN-TAKEN", {"field": name, "value": value, "rival": rival}


def _candidate(pair: Pair, found: Match) -> Decision:
    twin = next((item for item in (*pair.twins, pair.target) if item and item.remote_id == found.target_id), None)
    parts = [
        {
            "name": part.name,
            "left": part.left,
            "right": part.right,
            "weight": _points(part.weight),
            "note": part.note,
        }
        for part in found.parts
    ]
    # What people see is what the parts come to, also where an equal address made it a match.
    points = score(found.parts) if found.parts else found.score
    params = {"count": len(found.others), "targets": list(found.others), "score": _points(points), "parts": parts}
    if found.kind == "barred":
        return _decision("hold", pair, twin, code="NEVER-MATCH", params=params)
    code = "SEVERAL-MATCHES" if found.kind == "several" else "MAYBE-MATCH"
    if found.kind == "several" and len(found.others) == 1:
        code, params["count"] = "SEVERAL-SOURCES", len(pair.mates) + 1
    return _decision("candidate", pair, twin, code=code, params=params)


def _points(score: float) -> Decimal:
    """A score as it is kept: what goes into a decision is stored, and nothing stored is a float."""
    return Decimal(str(round(score, 3)))


def _create(pair: Pair, flow: FlowSpec) -> Decision:
    kinds = kinds_of(flow.entity)
    wanted = _outputs(pair, flow, creating=True)
    after = {
        name: want for name, (value, _) in wanted.items() if (want := frozen(value, kinds.get(name, ""))) is not None
    }
    # What only a new record gets is no news later on: the lasting rules say what this field was said to be.
    lasting = {name: frozen(value, kinds.get(name, "")) for name, (value, _) in _outputs(pair, flow).items()}
    sent = {**after, **lasting}
    if not after:
        return _kept_back("hold", pair, "NO-RULE-OUTPUT", {})
    source = pair.source
    return Decision("create", source.remote_id, source.resource, after=after, sent=sent, code="new")


# -- linked records -----------------------------------------------------------------------------------------------


def _linked(pair: Pair, flow: FlowSpec, link: LinkState, target: Record) -> Decision:
    fields = _compare(pair, flow, link, target)
    if fields.after:
        return _done_by("update", pair, target, fields, "changed", {})
    if fields.conflicts:
        return _done_by("conflict", pair, target, fields, "CONFLICT", {"fields": sorted(fields.conflicts)})
    if fields.stale:
        return _decision("none", pair, target, sent=fields.sent, code="agreed")
    return Decision("none", pair.source.remote_id, pair.source.resource, target.remote_id, target.resource)


def _done_by(
    action: Action, pair: Pair, target: Record, fields: _Fields, code: str, params: Mapping[str, object]
) -> Decision:
    return _decision(
        action,
        pair,
        target,
        before=fields.before,
        after=fields.after,
        sent=fields.sent,
        conflicts=fields.conflicts,
        code=code,
        params={**params, "agreed": fields.agreed} if fields.agreed else params,
    )


def _outputs(pair: Pair, flow: FlowSpec, creating: bool = False) -> dict[str, tuple[Any, Rule]]:
    """Return what is wanted of the target, by field: what the rules say, and over them what was composed."""
    found = outputs(pair.source.values, flow, creating)
    if pair.posted:
        for name, value in pair.posted.values.items():
            found[name] = (value, _composed_rule(name, flow.entity, flow.disputed))
    return found


@lru_cache(maxsize=256)
def _composed_rule(name: str, entity: str, disputed: Literal["ask", "target"]) -> Rule:
    """A document's field is never written over what a person changed there; a quantity is what its keeper says, and
    what is made from other records is theirs to say.
    """
    return Rule("", "", name, on_conflict="source" if entity in ("stock_level", "deal", "review") else disputed)


def _compare(pair: Pair, flow: FlowSpec, link: LinkState, target: Record) -> _Fields:
    fields, kinds, values = _Fields(), kinds_of(flow.entity), target.values
    counter = Counter(pair, flow, link, target) if flow.back else None
    for name, (value, rule) in _outputs(pair, flow).items():
        kind = kinds.get(name, "")
        want = frozen(value, kind)
        have = frozen(values[name], kind) if name in values else NOT_TOLD
        if kind == "tags" and have is not NOT_TOLD:
            _compare_tags(fields, name, want, have, link)
        else:
            _Field(pair, target, flow, link, counter, rule, kind, want, have).compare(fields)
    if pair.posted and not TOGETHER.isdisjoint(fields.after):
        for name in TOGETHER & pair.posted.values.keys() - fields.after.keys() - fields.conflicts.keys():
            want = frozen(pair.posted.values[name], kinds.get(name, ""))
            fields.write(name, frozen(values.get(name), kinds.get(name, "")), want, want)
    fields.agreed = {
        name: have for name, have in fields.agreed.items()
        if name not in fields.after and not same_value(kinds.get(name, ""), fields.sent[name], have)
    }  # fmt: skip
    return fields


@dataclass(slots=True)
class _Field:
    """One field of a pair: what is wanted, what is there, and whose word counts."""

    pair: Pair
    target: Record
    flow: FlowSpec
    link: LinkState
    counter: Counter | None
    rule: Rule
    kind: str
    want: Any
    have: Any

    def compare(self, fields: _Fields) -> None:
        name, want, have, link = self.rule.target, self.want, self.have, self.link
        if have is NOT_TOLD:
            # The target cannot be seen: only our own past says whether there is news.
            if self.rule.when != "if_empty" and not self._nothing_new():
                fields.write(name, None, want, want)
        elif self._same():
            fields.agree(name, want, have, link)
        elif self._typed(fields):
            return
        elif self._nothing_new():
            if self.counter and blind(name, link.sent, link.kept) and unmoved(self.kind, name, have, link.sent, {}):
                fields.agree(name, want, have, link)  # now it is known what the target made of it
        elif self.rule.when == "if_empty":
            if have is None:
                fields.write(name, have, want, want)
        elif self.counter and self.counter.echoes(self.rule):
            fields.agree(name, want, have, link)
        else:
            self._decide(fields)

    def _same(self) -> bool:
        want, have, kind = self.want, self.have, self.kind
        if same_value(kind, want, have):
            return True
        if kind in ("ref", "lines"):
            return same_value(kind, _there(want, self.pair.refs), have)
        return kind == "email" and self._second_address()

    def _second_address(self) -> bool:
        """Tell whether one side's address is a second one at the other: the person has both, and nothing differs."""
        near, far = self.pair.source.values, self.target.values
        return self.rule.source == self.rule.target == "email" and (
            _among(self.want, far.get("other_emails")) or _among(self.have, near.get("other_emails"))
        )

    def _nothing_new(self) -> bool:
        """Tell whether the source says what it said before: then what the target has is its own."""
        name = self.rule.target
        return (self.want is None and name not in self.link.sent) or _said(self.kind, name, self.want, self.link)

    def _decide(self, fields: _Fields) -> None:
        """Both differ and the source has something new to say."""
        name = self.rule.target
        other = self.counter.news(self.rule) if self.counter else True
        if self._by_person(fields, other):
            return
        if isinstance(other, Rule):
            whose: str = winner(self.rule, other)
        elif not other or unmoved(self.kind, name, self.have, self.link.sent, self.link.kept):
            whose = "source"
        else:
            whose = self.rule.on_conflict
        if whose == "source":
            fields.write(name, self.have, self.want, self.want)
        elif whose == "ask" and not (isinstance(other, Rule) and self.flow.direction == "left"):
            # Where both ways could ask, the way to the right does.
            fields.conflicts[name] = (self.link.sent.get(name), self._near(), self.have)

    def _near(self) -> Any:
        """Return what the source itself has, where one of its fields is kept in step with the target's."""
        field_ = self._partner()
        return self.counter.value(field_) if self.counter and field_ else self.want

    def _partner(self) -> str:
        found = self.counter.mutual.get(self.rule, ()) if self.counter and self.counter.is_open else ()
        known = [other.target for other in found if self.counter and self.counter.value(other.target) is not NOT_TOLD]
        return known[-1] if known else ""

    def _verdict(self) -> Verdict | None:
        """Return what a person decided about this field, if the side that gives in still says what was seen."""
        verdict = self.pair.verdicts.get(self.rule.target)
        return verdict if verdict and holds(verdict, self.kind, self._near(), self.have) else None

    def _typed(self, fields: _Fields) -> bool:
        """Write a value that a person typed, whatever both sides say; False where nobody did."""
        verdict, name, partner = self._verdict(), self.rule.target, self._partner()
        if verdict is None or verdict.winner != "value":
            return False
        values = self.pair.source.values
        want = said_with(self.rule, self.flow, values, partner, verdict.value) if partner else self.want
        if same_value(self.kind, self.have, verdict.value):
            fields.agree(name, want, self.have, self.link)
        else:
            fields.write(name, self.have, verdict.value, want)
        return True

    def _by_person(self, fields: _Fields, other: Rule | bool) -> bool:
        """Carry out whose value a person let stand; False where nobody decided, or the loser moved since."""
        verdict, name = self._verdict(), self.rule.target
        if verdict is None:
            return False
        if verdict.winner == "source":
            fields.write(name, self.have, self.want, self.want)
        elif not isinstance(other, Rule):
            fields.agree(name, self.want, self.have, self.link)  # nobody else writes: the target keeps its own
        return True


def _among(address: Any, others: Any) -> bool:
    return address is not None and any(same_value("email", address, other) for other in others or ())


def _said(kind: str, name: str, want: Any, link: LinkState) -> bool:
    return name in link.sent and same_value(kind, want, link.sent[name])


def _there(value: Any, refs: Mapping[Any, Any]) -> Any:
    """Return a frozen value with the records it names as the target knows them."""
    if isinstance(value, list):
        return [_there(item, refs) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "ref" in value:
        twin = refs.get((value.get("resource"), value.get("id")))
        return {**value, "resource": twin[0], "id": twin[1]} if twin else value
    return {key: _there(item, refs) for key, item in value.items()}


def _compare_tags(fields: _Fields, name: str, want: Any, have: Any, link: LinkState) -> None:
    """Add tags that are new to the source and take away those it dropped; all others are the target's own."""
    wanted, has, said = _listed(want), _listed(have), _listed(link.sent.get(name))
    dropped = {tag.casefold() for tag in said} - {tag.casefold() for tag in wanted}
    present = {tag.casefold() for tag in (*has, *said)}
    result = [tag for tag in has if tag.casefold() not in dropped]
    result += [tag for tag in wanted if tag.casefold() not in present]
    if result != has:
        fields.write(name, have, result or None, want)
    elif want is not None or name in link.sent:
        fields.agree(name, want, have, link)


def _listed(value: Any) -> list[str]:
    return (
        []
        if value is None
        else [str(item) for item in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else [str(value)]
    )


# -- memory ---------------------------------------------------------------------------------------------------------


def remember(
    decision: Decision, link: LinkState | None, target_values: Mapping[str, Any], entity: str, adopted: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the (sent, kept) a link holds once `decision` is done.

    `target_values` are the canonical values the target has now (the vendor's answer, or what was read before when
    nothing was written). Only what the decision settled changes; a field the target does not tell keeps what was
    written to it, and one that was edited there since it was planned keeps what it had then. A record found after a
    lost answer (`adopted`) may have been edited since: what is not like what was sent is not what was kept of it.
    """
    kinds, past = kinds_of(entity), link or UNLINKED
    kept, agreed = dict(past.kept), agreed_of(decision.params)
    edited = moved(decision.sent, decision.after, agreed, target_values, entity)
    for name, want in decision.sent.items():
        kind, told = kinds.get(name, ""), decision.after.get(name, agreed.get(name, want))
        kept[name] = told
        if name in target_values and name not in edited:
            have = frozen(target_values[name], kind)
            kept[name] = told if adopted and not alike(kind, told, have) else have
    return {**past.sent, **decision.sent}, kept


def agreed_of(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a decision says the target had, of fields that are settled without a write."""
    found = params.get("agreed")
    return found if isinstance(found, Mapping) else {}


# -- many -----------------------------------------------------------------------------------------------------------


def plan(pairs: Iterable[Pair], flow: FlowSpec) -> Iterator[Decision]:
    """Yield a decision for every pair, in order; of two sources that want one new target the first gets it."""
    claims: dict[str, str] = {}
    for pair in pairs:
        decision = plan_pair(pair, flow)
        if pair.link is None and decision.action in ("create", "update", "link"):
            decision = _claim(decision, pair, flow, claims)
        yield decision


def _claim(decision: Decision, pair: Pair, flow: FlowSpec, claims: dict[str, str]) -> Decision:
    wanted = [name for name in (_claim_of_key(decision, pair, flow), _claim_of_id(decision)) if name]
    rival = next((claims[name] for name in wanted if name in claims), None)
    if rival is None:
        claims.update(dict.fromkeys(wanted, decision.source_id))
        return decision
    params: dict[str, object]
    code, params = "shared", {"leader": rival}
    action: Action = "follow"
    if not flow.allow_shared:
        action = "hold"
        code, params = _shared_key(pair, flow, rival)
    return Decision(
        action,
        decision.source_id,
        decision.source_resource,
        decision.target_id,
        decision.target_resource,
        code=code,
        params=params,
    )


def _claim_of_key(decision: Decision, pair: Pair, flow: FlowSpec) -> str:
    values = {**pair.source.values, **decision.after}
    found = [match_value(name, values) for name in flow.match_on]
    return "\x1f".join(("key", *found)) if found and all(found) else ""


def _claim_of_id(decision: Decision) -> str:
    return f"id\x1f{decision.target_resource}\x1f{decision.target_id}" if decision.target_id else ""
