"""What the hub remembers."""

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
from bridge.hub.models.integrations import (
    Flow,
    Integration,
    MappingRule,
    ReferenceList,
    TermsAcceptance,
    ValueMap,
)
from bridge.hub.models.people import Membership, Organization, User
from bridge.hub.models.records import Candidate, Conflict, Exclusion, Link, Question, Record
from bridge.hub.models.runs import Change, Dispatch, Heartbeat, Instance, Run

__all__ = [
    "Budget",
    "Candidate",
    "Change",
    "Conflict",
    "Connection",
    "Cursor",
    "Dispatch",
    "Environment",
    "Exclusion",
    "Flow",
    "Heartbeat",
    "InboxEvent",
    "Instance",
    "Intake",
    "Integration",
    "Link",
    "MappingRule",
    "Membership",
    "Organization",
    "Question",
    "Record",
    "ReferenceList",
    "Run",
    "SignInState",
    "Slot",
    "TermsAcceptance",
    "User",
    "ValueMap",
    "VendorApp",
    "VendorCall",
]
