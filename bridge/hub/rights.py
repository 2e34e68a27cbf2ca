"""Who may do what: one table for the office, one for the people of a client, and which page asks for which right.

A right is written like Django's own, "hub.change_run". A person of the office has one role, and holds what its column
says and nothing else: neither groups nor single permissions add to it. Only an administrator, who exists for the
installation, holds everything. Tests walk models, pages and methods against these tables: what has no row here fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

VIEWER, OPERATOR, MAPPER, APPROVER, OWNER, SUPPORT = "viewer", "operator", "mapper", "approver", "owner", "support"
STAFF_ROLES = [
    (VIEWER, _("Viewer: sees everything, changes nothing")),
    (OPERATOR, _("Operator: starts, stops and repeats runs, keeps accounts connected")),
    (MAPPER, _("Mapper: sets integrations up, maps values, moves mapping files")),
    (APPROVER, _("Approver: operates, approves plans, decides duplicates and conflicts")),
    (OWNER, _("Owner: everything, with clients, people and vendor apps")),
    (SUPPORT, _("Support: finds and explains records, moves mapping files")),
]

Roles = frozenset[str]
NOBODY: Roles = frozenset()
OWN: Roles = frozenset((OWNER,))
APPROVE: Roles = OWN | {APPROVER}
OPERATE: Roles = APPROVE | {OPERATOR}
MAP: Roles = OWN | {MAPPER}
LOOK: Roles = OPERATE | MAP | {VIEWER}
EXPLAIN: Roles = LOOK | {SUPPORT}
FILES: Roles = MAP | {SUPPORT}

# Model by model, action by action. What is not named is nobody's; an empty row is kept by programs, or shown as part of
# another model's page.
MODELS: Mapping[str, Mapping[str, Roles]] = {
    # clients and people
    "hub.organization": {"view": LOOK, "add": OWN, "change": OWN, "delete": OWN, "see_as": LOOK},
    "hub.membership": {"view": LOOK, "add": OWN, "change": OWN, "delete": OWN},
    "hub.user": {"view": LOOK, "add": OWN, "change": OWN, "grant": OWN},
    "hub.signinlink": {},
    "hub.vendorapp": {"view": OWN, "add": OWN, "change": OWN, "delete": OWN},
    # accounts
    "hub.connection": {"view": LOOK, "add": OWN, "change": OPERATE, "delete": OWN},
    "hub.signinstate": {},
    "hub.cursor": {},
    "hub.budget": {},
    "hub.slot": {},
    "hub.vendorcall": {},
    "hub.inboxevent": {"view": LOOK, "change": OPERATE},
    "hub.intake": {},
    # what is kept in step, and how
    "hub.integration": {"view": LOOK, "add": OWN, "change": MAP, "delete": OWN},
    "hub.flow": {"view": LOOK, "change": MAP},
    "hub.mappingrule": {"view": LOOK, "change": MAP},
    "hub.valuemap": {"view": LOOK, "change": MAP},
    "hub.referencelist": {},
    "hub.termsacceptance": {},
    "hub.mappingfile": {"view": LOOK | FILES, "import": FILES, "export": FILES},
    "hub.mappingfilerow": {},
    # reports and mails
    "hub.report": {},
    "hub.reportplan": {"view": LOOK, "add": MAP, "change": MAP},
    "hub.letter": {},
    "hub.notice": {},
    # records and decisions about them
    "hub.record": {"view": EXPLAIN, "change": OPERATE},
    "hub.alias": {},
    "hub.link": {"view": LOOK, "add": APPROVE, "change": APPROVE, "delete": APPROVE},
    "hub.candidate": {"view": LOOK, "change": APPROVE},
    "hub.double": {"view": LOOK, "change": APPROVE},
    "hub.doublesearch": {"view": LOOK, "add": OPERATE},
    "hub.merge": {"view": LOOK, "add": APPROVE},
    "hub.conflict": {"view": LOOK, "change": APPROVE},
    "hub.exclusion": {"view": LOOK, "add": APPROVE, "delete": APPROVE},
    "hub.question": {"view": LOOK, "change": MAP},
    "hub.comment": {},
    # work
    "hub.run": {"view": EXPLAIN, "add": OPERATE | MAP, "change": OPERATE, "approve": APPROVE, "undo": APPROVE},
    "hub.change": {"view": EXPLAIN},
    "hub.heldcause": {"view": EXPLAIN, "change": OPERATE | FILES},
    "hub.dispatch": {},
    "hub.heartbeat": {},
    "hub.instance": {},
    # what libraries keep is shown, where it is shown, by pages of ours
    "auditlog.logentry": {"view": LOOK},
    "hub.auditseal": {"view": APPROVE},  # over the entries of every client
    "admin.logentry": {},
    "auth.permission": {},
    "auth.group": {},
    "contenttypes.contenttype": {},
    "sessions.session": {},
    "account.emailaddress": {},
    "account.emailconfirmation": {},
    "mfa.authenticator": {},
    "socialaccount.socialaccount": {},
    "socialaccount.socialapp": {},
    "socialaccount.socialtoken": {},
    "django_q.task": {},
    "django_q.success": {},
    "django_q.failure": {},
    "django_q.schedule": {},
    "django_q.ormq": {},
}


@dataclass(frozen=True, slots=True)
class Page:
    """The rights a page of the staff desk asks for: to open it, and to post to it. "" to post: it takes no posts.

    STAFF as a right: everybody of the office, who without a role sees frames and no rows.
    """

    open: str
    act: str = ""


STAFF = "staff"
_FILES = Page("hub.view_mappingfile", "hub.import_mappingfile")
_PAIRS = Page("hub.view_candidate")
_DECIDES = Page("hub.view_candidate", "hub.change_candidate")
_MERGES = Page("hub.view_candidate", "hub.add_merge")
_SEARCHES = Page("hub.view_candidate", "hub.add_doublesearch")
_RUN = Page("hub.view_run", "hub.change_run")
_ACCOUNT = Page("hub.view_connection", "hub.change_connection")
_SET_UP = Page("hub.view_integration", "hub.change_integration")

# By the name of the address, without "admin:". The lists and forms of models stand under the models above.
PAGES: Mapping[str, Page] = {
    "index": Page(STAFF),
    "connections": Page("hub.view_connection"),
    "connection_new": Page("hub.add_connection", "hub.add_connection"),
    "connection": Page("hub.view_connection"),
    "connection_connect": _ACCOUNT,
    "connection_check": _ACCOUNT,
    "connection_pause": _ACCOUNT,
    "connection_forget": Page("hub.delete_connection", "hub.delete_connection"),
    "integrations": Page("hub.view_integration"),
    "integration_new": Page("hub.add_integration", "hub.add_integration"),
    "integration": Page("hub.view_integration"),
    "integration_run": Page("hub.view_integration", "hub.add_run"),
    "integration_trial": Page("hub.view_integration", "hub.approve_run"),
    "integration_automatic": Page("hub.view_integration", "hub.approve_run"),
    "integration_pause": Page("hub.view_integration", "hub.change_run"),
    "integration_disconnect": Page("hub.delete_integration", "hub.delete_integration"),
    "setup": _SET_UP,
    "setup_flows": _SET_UP,
    "setup_flow": _SET_UP,
    "setup_fields": _SET_UP,
    "setup_filter": _SET_UP,
    "setup_filter_back": _SET_UP,
    "documents": Page("hub.view_integration"),
    "readiness": Page("hub.view_integration"),
    "guide": Page("hub.view_integration"),
    "guide_refresh": Page("hub.view_integration", "hub.change_valuemap"),
    "guide_make": Page("hub.view_integration", "hub.add_run"),
    "imports": Page("hub.view_integration"),
    "import_run": Page("hub.view_integration", "hub.add_run"),
    "import_file": Page("hub.view_change"),
    "rules_text": Page("hub.view_integration"),
    "reconciliation": Page("hub.view_integration"),
    "reconciliation_csv": Page("hub.view_integration"),
    "mappings_all": Page("hub.view_valuemap"),
    "mappings": Page("hub.view_valuemap"),
    "mapping": Page("hub.view_valuemap", "hub.change_valuemap"),
    "mapping_value": Page("hub.view_valuemap", "hub.change_valuemap"),
    "mapping_refresh": Page("hub.view_valuemap", "hub.change_valuemap"),
    "mapping_again": Page("hub.view_valuemap", "hub.change_run"),
    "mapping_files_all": Page("hub.view_mappingfile"),
    "mapping_files": _FILES,
    "mapping_file_export": Page("hub.export_mappingfile"),
    "mapping_file": Page("hub.view_mappingfile"),
    "mapping_file_progress": Page("hub.view_mappingfile"),
    "mapping_file_rejected": Page("hub.export_mappingfile"),
    "mapping_file_confirm": _FILES,
    "mapping_file_again": _FILES,
    "mapping_file_drop": _FILES,
    "mapping_file_return": _FILES,
    "mapping_file_encoding": _FILES,
    "runs": Page("hub.view_run"),
    "run_page": Page("hub.view_run"),
    "run_progress": Page("hub.view_run"),
    "run_plan": Page("hub.view_run"),
    "run_plan_act": Page("hub.view_run", "hub.approve_run"),
    "run_stop": _RUN,
    "run_retry": _RUN,
    "run_undo": Page("hub.view_run", "hub.undo_run"),
    "run_csv": Page("hub.view_change"),
    "run_pdf": Page("hub.view_change"),
    "changes": Page("hub.view_change"),
    "record": Page("hub.view_record"),
    "record_retry": Page("hub.view_record", "hub.change_run"),
    "record_fetch": Page("hub.view_record", "hub.change_record"),
    "record_exclude": Page("hub.view_record", "hub.add_exclusion"),
    "record_include": Page("hub.view_record", "hub.delete_exclusion"),
    "record_relink": Page("hub.view_record", "hub.change_link"),
    "held": Page("hub.view_change"),
    "held_cause": Page("hub.view_change"),
    "held_retry": Page("hub.view_change", "hub.change_run"),
    "held_care": Page("hub.view_change", "hub.change_heldcause"),
    "duplicates": _PAIRS,
    "duplicate": _PAIRS,
    "duplicates_bulk": _DECIDES,
    "duplicates_undo": _DECIDES,
    "duplicates_suspect": _DECIDES,
    "duplicate_decide": _DECIDES,
    "duplicate_ask": _DECIDES,
    "duplicate_merge": Page("hub.add_merge", "hub.change_candidate"),
    "duplicates_merges": _PAIRS,
    "duplicates_merged": _PAIRS,
    "duplicates_unmerge": _MERGES,
    "duplicates_prepare": _MERGES,
    "duplicates_split": Page("hub.delete_link", "hub.delete_link"),
    "duplicates_documents": _PAIRS,
    "duplicates_search": _SEARCHES,
    "duplicates_searching": _PAIRS,
    "duplicates_search_progress": _PAIRS,
    "duplicates_search_stop": _SEARCHES,
    "conflicts": Page("hub.view_conflict"),
    "conflicts_bulk": Page("hub.view_conflict", "hub.change_conflict"),
    "conflict": Page("hub.view_conflict"),
    "conflict_decide": Page("hub.view_conflict", "hub.change_conflict"),
    "conflict_rule": Page("hub.view_conflict", "hub.change_mappingrule"),
    "find": Page("hub.view_record"),
    "health": Page("hub.view_inboxevent"),
    "health_release": Page("hub.view_inboxevent", "hub.change_run"),
    "health_letter": Page("hub.view_inboxevent", "hub.change_run"),
    "events": Page("hub.view_inboxevent"),
    "events_replay": Page("hub.view_inboxevent", "hub.change_inboxevent"),
    "audit": Page("auditlog.view_logentry"),
    "audit_csv": Page("auditlog.view_logentry"),
    "audit_seals": Page("hub.view_auditseal"),
    "simulators": _ACCOUNT,
    "simulators_act": _ACCOUNT,
    "invite": Page("hub.change_user", "hub.change_user"),
    "invitation_withdraw": Page("hub.view_user", "hub.change_user"),
    "see_as": Page("hub.see_as_organization", "hub.see_as_organization"),
    "catalogue": Page(STAFF),
    "help": Page(STAFF),
    "help_topic": Page(STAFF),
    "help_request": Page("hub.view_integration", "hub.view_integration"),
    "help_close": Page("hub.view_integration", "hub.change_integration"),
}

# The people of a client, and what each may do besides looking.
MEMBERS: Mapping[str, Roles] = {
    "answer": frozenset(("accountant", "manager")),
    "connect": frozenset(("accountant", "manager")),
    "revoke": frozenset(("manager",)),
    "people": frozenset(("manager",)),
}
MEMBER_ROLES = ("viewer", "accountant", "manager")

# Pages of the portal by name, with the right that posting to them asks for; "": they take no posts.
PORTAL: Mapping[str, str] = {
    "home": "",
    "documents": "",
    "questions": "",
    "question": "",
    "question_mails": "answer",
    "question_answer": "answer",
    "question_comment": "answer",
    "question_pass": "answer",
    "moved": "",
    "moved_csv": "",
    "differences": "",
    "differences_comment": "answer",
    "reports": "",
    "report_ask": "answer",
    "report_plan": "people",
    "report": "",
    "report_pdf": "",
    "report_csv": "",
    "report_xlsx": "",
    "connections": "",
    "connect": "connect",
    "revoke": "revoke",
    "people": "people",
    "member_again": "people",
    "member_remove": "people",
    "activity": "",
    "activity_csv": "",
}

# In the session of somebody of the office who looks at a client's pages: {"organization": number, "until": seconds}.
SEEING_AS = "seeing_as"
SEEING_SECONDS = 1800


def roles_with(right: str) -> Roles:
    """Return the roles of the office that hold a right; of one that is not in the table, none."""
    if right == STAFF:
        return frozenset(key for key, _label in STAFF_ROLES)
    app, _dot, name = right.partition(".")
    action, _line, model = name.rpartition("_")
    return MODELS.get(f"{app}.{model}", {}).get(action, NOBODY)


def rights_of(role: str) -> frozenset[str]:
    """Return all rights of a role of the office."""
    return _BY_ROLE.get(role, frozenset())


def member_rights(role: str) -> frozenset[str]:
    """Return what a person of a client may do besides looking."""
    return frozenset(right for right, roles in MEMBERS.items() if role in roles)


def _right(model: str, action: str) -> str:
    app, _dot, name = model.partition(".")
    return f"{app}.{action}_{name}"


_BY_ROLE = {
    role: frozenset(
        _right(model, action) for model, actions in MODELS.items() for action, roles in actions.items() if role in roles
    )
    for role, _label in STAFF_ROLES
}
