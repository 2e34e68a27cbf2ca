"""The account: who it is, what can be chosen in it, and whether it is fit to work with.

Sources: https://mailchimp.com/developer/marketing/api/root/, /lists/, /list-merges/, /list-segments/, read 2026-11-21.
"""

from collections.abc import Iterator
from typing import Any

from connectors.contract import Api, Choice, Finding, Identity, Raw, Reference, Text
from connectors.mailchimp.shop import maybe

_ACCOUNT = "account_id,account_name,email,role,pricing_plan_type,account_timezone,total_subscribers,contact"
_PAGE = 1000
# Authors write campaigns but may not touch an audience; viewers may only look.
WRITING_ROLES = frozenset({"owner", "admin", "manager"})


def identify(api: Api) -> Identity:
    """Which account the grant speaks for."""
    raw = api.get("/", {"fields": _ACCOUNT})
    contact = raw.get("contact") or {}
    return Identity(
        account_id=str(raw["account_id"]),
        name=str(raw.get("account_name") or raw["account_id"]),
        facts={
            "role": raw.get("role", ""),
            "plan": raw.get("pricing_plan_type", ""),
            "time_zone": raw.get("account_timezone", ""),
            "country": contact.get("country", ""),
            "email": raw.get("email", ""),
            "contacts": raw.get("total_subscribers", 0),
        },
    )


def _rows(api: Api, path: str, name: str, fields: str, **params: object) -> Iterator[Raw]:
    """Every row of a listing, page after page."""
    offset = 0
    while True:
        asked = {"count": _PAGE, "offset": offset, "fields": f"{fields},total_items", **params}
        answer = api.get(path, asked)
        rows = answer.get(name, [])
        yield from rows
        offset += _PAGE
        if not rows or offset >= int(answer.get("total_items", 0)):
            return


def audiences(api: Api) -> list[Choice]:
    """The account's audiences, with what helps to choose one."""
    fields = "lists.id,lists.name,lists.double_optin,lists.stats.member_count,lists.web_id"
    return [
        Choice(
            id=str(raw["id"]),
            label=str(raw.get("name") or raw["id"]),
            facts={
                "members": int((raw.get("stats") or {}).get("member_count") or 0),
                "double_opt_in": bool(raw.get("double_optin")),
                "web_id": raw.get("web_id"),
            },
        )
        for raw in _rows(api, "/lists", "lists", fields)
    ]


def merge_fields(api: Api) -> list[Choice]:
    """The chosen audience's fields by tag; none while no audience is chosen."""
    if not api.context.get("audience"):
        return []
    fields = ",".join(f"merge_fields.{name}" for name in ("merge_id", "tag", "name", "type", "required", "options"))
    return [
        Choice(
            id=str(raw["tag"]),
            label=str(raw.get("name") or raw["tag"]),
            facts={
                "type": raw.get("type", "text"),
                "required": bool(raw.get("required")),
                "phone_format": str((raw.get("options") or {}).get("phone_format") or ""),
            },
        )
        for raw in _rows(api, "/lists/{audience}/merge-fields", "merge_fields", fields)
    ]


def tags(api: Api) -> list[Choice]:
    """The chosen audience's tags, which are its static segments."""
    if not api.context.get("audience"):
        return []
    fields = "segments.id,segments.name,segments.member_count"
    return [
        Choice(str(raw["name"]), str(raw["name"]), {"members": int(raw.get("member_count") or 0), "segment": raw["id"]})
        for raw in _rows(api, "/lists/{audience}/segments", "segments", fields, type="static")
    ]


REFERENCES = (
    Reference("audiences", Text("Audiences", "Audiences"), audiences),
    Reference("merge_fields", Text("Audience fields", "Champs de l’audience"), merge_fields),
    Reference("tags", Text("Tags", "Étiquettes"), tags),
)


def diagnose(api: Api) -> list[Finding]:
    """The connection check, most basic things first. An account that does not answer raises instead."""
    api.get("/ping")
    account = identify(api)
    findings = [
        Finding(
            "MC-CHECK-ACCOUNT",
            "ok",
            Text("Mailchimp answers as {name}.", "Mailchimp répond au nom de {name}."),
            {"name": account.name},
        ),
        _role(str(account.facts["role"])),
        _plan(str(account.facts["plan"]), account.facts["contacts"]),
    ]
    if api.context.get("audience"):
        findings += _audience(api)
    return findings


def _role(role: str) -> Finding:
    if not role or role.lower() in WRITING_ROLES:
        return Finding(
            "MC-CHECK-ROLE",
            "ok",
            Text("The role ({role}) may write contacts.", "Le rôle ({role}) permet d’écrire des contacts."),
            {"role": role or "?"},
        )
    return Finding(
        "MC-CHECK-ROLE",
        "blocker",
        Text(
            "The role {role} may not write contacts: connect as owner, administrator or manager.",
            "Le rôle {role} ne permet pas d’écrire des contacts\u00a0: connectez-vous comme propriétaire, "
            "administrateur ou gestionnaire.",
        ),
        {"role": role},
    )


def _plan(plan: str, contacts: Any) -> Finding:
    params = {"plan": plan or "?", "contacts": contacts}
    if plan == "forever_free":
        return Finding(
            "MC-CHECK-PLAN",
            "warning",
            Text(
                "The free plan has a low limit of contacts ({contacts} now): an import may go past it.",
                "Le forfait gratuit limite beaucoup le nombre de contacts ({contacts} en ce moment)\u00a0: une "
                "importation peut le dépasser.",
            ),
            params,
        )
    return Finding(
        "MC-CHECK-PLAN",
        "ok",
        Text("Plan: {plan}, {contacts} contacts.", "Forfait\u00a0: {plan}, {contacts} contacts."),
        params,
    )


def _audience(api: Api) -> list[Finding]:
    fields = {"fields": "id,name,double_optin,stats.member_count"}
    raw = maybe(lambda: api.get("/lists/{audience}", fields))
    if raw is None:
        return [
            Finding(
                "MC-AUDIENCE-GONE",
                "blocker",
                Text(
                    "The chosen audience no longer exists. Disconnect, then connect to another one.",
                    "L’audience choisie n’existe plus. Déconnectez, puis connectez-en une autre.",
                ),
                {"audience": api.context["audience"]},
            )
        ]
    params = {"audience": raw.get("name", ""), "members": (raw.get("stats") or {}).get("member_count", 0)}
    found = [
        Finding(
            "MC-CHECK-AUDIENCE",
            "ok",
            Text("Audience {audience}: {members} contacts.", "Audience {audience}\u00a0: {members} contacts."),
            params,
        )
    ]
    if raw.get("double_optin"):
        found.append(
            Finding(
                "MC-CHECK-DOUBLE-OPT-IN",
                "warning",
                Text(
                    "Audience {audience} asks new people to confirm. Contacts sent by Bridge are not asked: make sure "
                    "you have their consent.",
                    "L’audience {audience} demande une confirmation aux nouvelles personnes. Les contacts envoyés par "
                    "Bridge ne la reçoivent pas\u00a0: assurez-vous d’avoir leur consentement.",
                ),
                params,
            )
        )
    return [*found, *_fields(api), *_store(api)]


def _fields(api: Api) -> list[Finding]:
    known = {choice.id: choice.facts for choice in merge_fields(api)}
    required = [tag for tag, facts in known.items() if facts["required"] and tag not in ("FNAME", "LNAME")]
    missing = [tag for tag in ("FNAME", "LNAME", "PHONE", "ADDRESS") if tag not in known]
    found = []
    if missing:
        found.append(
            Finding(
                "MC-CHECK-FIELDS",
                "warning",
                Text(
                    "The audience has no field {fields}: that part of a customer will not arrive.",
                    "L’audience n’a pas de champ {fields}\u00a0: cette partie du client n’arrivera pas.",
                ),
                {"fields": ", ".join(missing)},
            )
        )
    if required:
        found.append(
            Finding(
                "MC-CHECK-REQUIRED",
                "warning",
                Text(
                    "The audience requires {fields}; contacts are sent even where these are empty.",
                    "L’audience exige {fields}\u00a0; les contacts sont envoyés même si ces champs sont vides.",
                ),
                {"fields": ", ".join(required)},
            )
        )
    return found


def _store(api: Api) -> list[Finding]:
    if not api.context.get("store"):
        return []
    raw = maybe(lambda: api.get("/ecommerce/stores/{store}", {"fields": "id,list_id,name,is_syncing"}))
    if raw is None or raw.get("list_id") == api.context["audience"]:
        return []
    return [
        Finding(
            "MC-STORE-ELSEWHERE",
            "blocker",
            Text(
                "The store {store} belongs to another audience and cannot be moved.",
                "La boutique {store} appartient à une autre audience et ne peut pas être déplacée.",
            ),
            {"store": raw.get("name", "")},
        )
    ]
