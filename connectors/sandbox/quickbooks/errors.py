"""The three ways this vendor says no: a Fault, the gateway's frame in small letters, and XML for the throttle."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.sandbox.core import Document, Response, encode, json_response

PACIFIC = ZoneInfo("America/Los_Angeles")

MESSAGES = {
    "500": "Unsupported Operation",
    "610": "Object Not Found",
    "1040": "Batch size exceeds allowed limit",
    "2000": "Invalid or unsupported object name",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid Date Format",
    "2080": "Invalid Number Format",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address format",
    "2220": "Invalid Currency Type",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request",
    "6080": "No Name Provided",
    "6100": "Invalid Line TaxCode in the request",
    "6140": "Duplicate Document Number Error",
    "6160": "Invalid TaxCodeRef Error",
    "6170": "Invalid TxnTaxDetail Error",
    "6190": "Invalid Company Status Error",
    "6200": "Account Period Closed",
    "6210": "Account Period Closed, password needed",
    "6220": "Delete List Has Balance Error",
    "6240": "Duplicate Name Exists Error",
    "6270": "Inventory transaction dated before the item's start date",
    "6430": "Invalid account type used",
    "6520": "Missing tracked inventory item quantity",
    "10000": "An application error has occurred while processing your request",
}


# Texts follow the company's language, codes do not: what a French company answers.
FRENCH = {
    "610": "Objet introuvable",
    "2010": "La demande contient une propriété non valide ou non prise en charge",
    "2020": "Paramètre obligatoire manquant",
    "2500": "Identifiant de référence non valide",
    "5010": "Erreur d'objet périmé",
    "6000": "Une erreur de validation commerciale s'est produite",
    "6140": "Numéro de document en double",
    "6200": "Période comptable fermée",
    "6240": "Ce nom existe déjà",
}


class Refusal(Exception):
    """One business or validation error; becomes a Fault with HTTP 400 unless told otherwise."""

    def __init__(self, code: str, detail: str, *, element: str | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status

    def fault(self, *, french: bool = False) -> Document:
        """The `Fault` object, as it also stands inside a batch answer."""
        message = FRENCH.get(self.code, MESSAGES[self.code]) if french else MESSAGES[self.code]
        error: Document = {"Message": message, "Detail": self.detail, "code": self.code}
        if self.element is not None:
            error["element"] = self.element
        return {"Error": [error], "type": "SystemFault" if self.code == "10000" else "ValidationFault"}


def stamp(moment: datetime, digits: str = "seconds") -> str:
    """A moment as this vendor writes it: Pacific time with its offset."""
    return moment.astimezone(PACIFIC).isoformat(timespec=digits)


def refused(refusal: Refusal, moment: datetime, headers: dict[str, str], *, french: bool = False) -> Response:
    """The answer of the accounting service to a refused request."""
    body = {"Fault": refusal.fault(french=french), "time": stamp(moment, "milliseconds")}
    return json_response(body, refusal.status, headers=headers)


def gateway(status: int, code: str, name: str, detail: str | None, kind: str, moment: datetime) -> Response:
    """The frame of the gateway, which speaks before the accounting service is asked."""
    body: Document = {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": f"message={name}; errorCode={code:0>6}; statusCode={status}",
                    "detail": detail,
                    "code": code,
                    "element": None,
                }
            ],
            "type": kind,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(moment.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }
    headers = {"Content-Type": "application/json"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
    return Response(status, encode(body), headers)


def unauthenticated(detail: str, moment: datetime) -> Response:
    """401: expired, revoked or malformed token. The real detail carries the token, and so does ours."""
    return gateway(401, "3200", "AuthenticationFailed", detail, "AUTHENTICATION", moment)


def forbidden(moment: datetime) -> Response:
    """403: the token is good, but not for this company."""
    return gateway(403, "3100", "ApplicationAuthorizationFailed", None, "SERVICE", moment)


def throttled(moment: datetime) -> Response:
    """429, in XML although JSON was asked for."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<IntuitResponse time="{stamp(moment, "milliseconds")}" '
        'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
        "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
        "<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
    )
    return Response(429, body.encode(), {"Content-Type": "application/xml"})
