"""From records to decisions. Pure: the same answer twice, and nothing left to do once a decision is carried out.

Each side is compared with its own past (`link.sent`, `link.kept`), so a write that comes back is no news: no echo, no
loop. A field that is not told changes nothing; a field told empty clears only what was sent before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bridge.engine.filters import evaluate, passes
from bridge.engine.kinds import NOT_TOLD, day, frozen, kinds_of, same_value
from bridge.engine.match import Match, match, match_value
from bridge.engine.model import Action, CannotMap, Decision, FlowSpec, LinkState, Pair, Rule
from bridge.engine.transforms import apply
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
    stale: bool = False  # both sides agree on something the link does not remember

    def write(self, name: str, have: Any, value: Any, want: Any) -> None:
        self.before[name], self.after[name], self.sent[name] = have, value, want

    def agree(self, name: str, want: Any, have: Any, link: LinkState) -> None:
        self.sent[name] = want
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
    if flow.compose and (posted := flow.compose(pair, target)).action == "flag":
        return _linked(replace(pair, posted=posted), flow, pair.link, target)
    return _voided(pair, target, flow.removes, flow)


def _target_gone(pair: Pair, target: Record | None) -> Decision:
    if target and target.merged_into:
        params = {"survivor": target.merged_into}
        return _decision("hold", pair, target, code="TARGET-MERGED", params=params)
    return _decision("hold", pair, target, code="TARGET-GONE")


def _before_start(pair: Pair, flow: FlowSpec) -> Decision | None:
    if flow.start_date is None or pair.link is not None:
        return None
    dated = day(pair.source.values.get("date"))
    if dated is None or dated >= flow.start_date:
        return None
    params = {"date": dated.isoformat(), "start": flow.start_date.isoformat()}
    return _kept_back("skip", pair, "BEFORE-START", params)


def _filtered(pair: Pair, flow: FlowSpec) -> Decision | None:
    if not flow.filter or passes(flow.filter, pair.source.values):
        return None
    trace = evaluate(flow.filter, pair.source.values)[1]
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


def _twin(pair: Pair, found: Match | None) -> Record | None:
    if found is None or found.kind != "one":
        return None
    return next((twin for twin in (*pair.twins, pair.target) if twin and twin.remote_id == found.target_id), None)


def _unlinked(pair: Pair, flow: FlowSpec, found: Match | None, twin: Record | None) -> Decision:
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
    params = {"count": len(found.others), "targets": list(found.others), "score": _points(found.score), "parts": parts}
    if found.kind == "barred":
        return _decision("hold", pair, twin, code="NEVER-MATCH", params=params)
    code = "SEVERAL-MATCHES" if found.kind == "several" else "MAYBE-MATCH"
    return _decision("candidate", pair, twin, code=code, params=params)


def _points(score: float) -> Decimal:
    """A score as it is kept: what goes into a decision is stored, and nothing stored is a float."""
    return Decimal(str(round(score, 3)))


def _create(pair: Pair, flow: FlowSpec) -> Decision:
    kinds = kinds_of(flow.entity)
    outputs = _outputs(pair, flow)
    sent = {name: frozen(value, kinds.get(name, "")) for name, (value, _) in outputs.items()}
    after = {name: value for name, value in sent.items() if value is not None}
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
        params=params,
    )


def _outputs(pair: Pair, flow: FlowSpec) -> dict[str, tuple[Any, Rule]]:
    """Return what the rules make of the source, by target field; a later row wins where it has something to say."""
    values, maps, writable, kinds = pair.source.values, flow.value_maps, flow.writable, kinds_of(flow.entity)
    outputs: dict[str, tuple[Any, Rule]] = {}
    for rule in flow.rules:
        if rule.toward != flow.direction or rule.target not in writable:
            continue
        value = apply(rule, values, maps, kinds.get(rule.target, ""))
        if value is NOT_TOLD or (rule.target in outputs and value in (None, "")):
            continue
        outputs[rule.target] = (value, rule)
    if pair.posted:
        outputs.update({name: (value, _composed_rule(name, flow.entity)) for name, value in pair.posted.values.items()})
    return outputs


@lru_cache(maxsize=256)
def _composed_rule(name: str, entity: str) -> Rule:
    """A document's field is never written over what a person changed there; a quantity is what its keeper says."""
    return Rule("", "", name, on_conflict="source" if entity == "stock_level" else "ask")


def _compare(pair: Pair, flow: FlowSpec, link: LinkState, target: Record) -> _Fields:
    fields, kinds, values = _Fields(), kinds_of(flow.entity), target.values
    for name, (value, rule) in _outputs(pair, flow).items():
        if rule.when == "create":
            continue
        kind = kinds.get(name, "")
        want = frozen(value, kind)
        have = frozen(values[name], kind) if name in values else NOT_TOLD
        if kind == "tags" and have is not NOT_TOLD:
            _compare_tags(fields, name, want, have, link)
        else:
            _compare_field(fields, rule, kind, want, have, link, pair.refs)
    if pair.posted and not TOGETHER.isdisjoint(fields.after):
        for name in TOGETHER & pair.posted.values.keys() - fields.after.keys() - fields.conflicts.keys():
            want = frozen(pair.posted.values[name], kinds.get(name, ""))
            fields.write(name, frozen(values.get(name), kinds.get(name, "")), want, want)
    return fields


def _compare_field(
    fields: _Fields, rule: Rule, kind: str, want: Any, have: Any, link: LinkState, refs: Mapping[Any, Any]
) -> None:
    name = rule.target
    if have is NOT_TOLD:
        # The target cannot be seen: only our own past says whether there is news.
        if (
            rule.when != "if_empty"
            and not (want is None and name not in link.sent)
            and not _said(kind, name, want, link)
        ):
            fields.write(name, None, want, want)
        return
    if same_value(kind, want, have) or (kind in ("ref", "lines") and same_value(kind, _there(want, refs), have)):
        fields.agree(name, want, have, link)
    elif (want is None and name not in link.sent) or _said(kind, name, want, link):
        return  # nothing new to say; what the target has is its own
    elif rule.when == "if_empty":
        if have is None:
            fields.write(name, have, want, want)
    elif same_value(kind, have, link.kept.get(name)) or rule.on_conflict == "source":
        fields.write(name, have, want, want)
    elif rule.on_conflict == "ask":
        fields.conflicts[name] = (link.sent.get(name), want, have)


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
    decision: Decision, link: LinkState | None, target_values: Mapping[str, Any], entity: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the (sent, kept) a link holds once `decision` is done.

    `target_values` are the canonical values the target has now (the vendor's answer, or what was read before when
    nothing was written). Only what the decision settled changes; a field the target does not tell keeps what was
    written to it.
    """
    kinds, past = kinds_of(entity), link or UNLINKED
    kept = dict(past.kept)
    for name, want in decision.sent.items():
        if name in target_values:
            kept[name] = frozen(target_values[name], kinds.get(name, ""))
        else:
            kept[name] = decision.after.get(name, want)
    return {**past.sent, **decision.sent}, kept


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
