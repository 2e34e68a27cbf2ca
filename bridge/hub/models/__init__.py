"""What the hub remembers."""

from bridge.hub.models.comments import Comment
from bridge.hub.models.connections import (
    Budget,
    Connection,
    Cursor,
    Environment,
    InboxEvent,
    Intake,
    SignInState,
    Slot,
    VendorApp,
    VendorCall,
)
from bridge.hub.models.files import MappingFile, MappingFileRow
from bridge.hub.models.integrations import (
    Flow,
    Integration,
    MappingRule,
    ReferenceList,
    TermsAcceptance,
    ValueMap,
)
from bridge.hub.models.letters import Letter, Notice
from bridge.hub.models.links import SignInLink
from bridge.hub.models.people import Membership, Organization, User
from bridge.hub.models.records import (
    Alias,
    Candidate,
    Conflict,
    Double,
    DoubleSearch,
    Exclusion,
    Link,
    Merge,
    Question,
    Record,
)
from bridge.hub.models.reports import Report, ReportPlan, Weekday
from bridge.hub.models.runs import Change, Dispatch, Heartbeat, HeldCause, Instance, Run
from bridge.hub.models.seals import AuditSeal

__all__ = [
    "Alias",
    "AuditSeal",
    "Budget",
    "Candidate",
    "Change",
    "Comment",
    "Conflict",
    "Connection",
    "Cursor",
    "Dispatch",
    "Double",
    "DoubleSearch",
    "Environment",
    "Exclusion",
    "Flow",
    "Heartbeat",
    "HeldCause",
    "InboxEvent",
    "Instance",
    "Intake",
    "Integration",
    "Letter",
    "Link",
    "MappingFile",
    "MappingFileRow",
    "MappingRule",
    "Membership",
    "Merge",
    "Notice",
    "Organization",
    "Question",
    "Record",
    "ReferenceList",
    "Report",
    "ReportPlan",
    "Run",
    "SignInLink",
    "SignInState",
    "Slot",
    "TermsAcceptance",
    "User",
    "ValueMap",
    "VendorApp",
    "VendorCall",
    "Weekday",
]
