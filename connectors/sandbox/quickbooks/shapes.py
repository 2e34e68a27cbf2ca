# ruff: noqa: E501 - one word per property reads best unbroken
"""Which properties a request may carry, of what type and length: everything else is refused as the vendor refuses it.

One word per property, `name:kind`. Kinds: `s` text (with a longest length), `n` number, `i` whole number, `b` true or
false, `d` date, `t` moment, `r` reference, `*` anything, `{Name` an object of that name, `[Name` a list of them.
From the vendor's XML schema and public reference (read 2026-11), as far as a client has reason to send it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.core import Document
from connectors.sandbox.quickbooks.errors import Refusal

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(Z|[+-]\d{2}:\d{2})?")

_BASE = "Id:s SyncToken:s MetaData:{MetaData domain:s status:s sparse:b CustomField:[CustomField AttachableRef:*"
_NAME = (
    "Title:s16 GivenName:s100 MiddleName:s100 FamilyName:s100 Suffix:s16 FullyQualifiedName:s CompanyName:s100 "
    "DisplayName:s500 PrintOnCheckName:s110 Active:b PrimaryPhone:{Phone AlternatePhone:{Phone Mobile:{Phone Fax:{Phone "
    "PrimaryEmailAddr:{Email WebAddr:{Web OtherContactInfo:* DefaultTaxCodeRef:r BillAddr:{Address ShipAddr:{Address "
    "Notes:s2000 Balance:n OpenBalanceDate:d CurrencyRef:r PrimaryTaxIdentifier:s BusinessNumber:s10 GSTIN:s15 "
    "GSTRegistrationType:s Source:s AcctNum:s100 IntuitId:s V4IDPseudonym:s"
)
_TXN = (
    "DocNumber:s21 TxnDate:d DepartmentRef:r CurrencyRef:r ExchangeRate:n PrivateNote:s4000 TxnStatus:s "
    "LinkedTxn:[LinkedTxn TxnTaxDetail:{TaxDetail TxnSource:s TransactionLocationType:s Tag:* RecurDataRef:r "
    "ProjectRef:r CustomerRef:r RemitToRef:r PaymentMethodRef:r PaymentRefNum:s100 PaymentType:s CheckPayment:* "
    "CreditCardPayment:* DepositToAccountRef:r TaxExemptionRef:r TotalAmt:n ARAccountRef:r"
)
_SALE = (
    f"{_TXN} Line:[SalesLine CustomerMemo:{{Memo BillAddr:{{Address ShipAddr:{{Address FreeFormAddress:b "
    "ShipFromAddr:{Address ClassRef:r SalesTermRef:r DueDate:d PONumber:s15 FOB:s15 ShipMethodRef:r ShipDate:d "
    "TrackingNum:s GlobalTaxCalculation:s HomeTotalAmt:n ApplyTaxAfterDiscount:b ShippingTaxIncludedInTotalTax:b "
    "TemplateRef:r PrintStatus:s EmailStatus:s BillEmail:{Email BillEmailCc:{Email BillEmailBcc:{Email Balance:n "
    "HomeBalance:n DeliveryInfo:* DiscountRate:n DiscountAmt:n AutoDocNumber:b"
)
_LINE = "Id:s LineNum:i Description:s4000 Amount:n DetailType:s LinkedTxn:[LinkedTxn LineEx:* CustomField:[CustomField"

_TABLES = {
    # Parts
    "MetaData": "CreateTime:t LastUpdatedTime:t CreatedByRef:r LastModifiedByRef:r LastChangedInQB:t Synchronized:b",
    "CustomField": "DefinitionId:s Name:s Type:s StringValue:s BooleanValue:b DateValue:d NumberValue:n",
    "Phone": "Id:s DeviceType:s CountryCode:s AreaCode:s ExchangeCode:s Extension:s FreeFormNumber:s30 Default:b Tag:s",
    "Email": "Id:s Address:s100 Default:b Tag:s",
    "Web": "Id:s URI:s1000 Default:b Tag:s",
    "Memo": "value:s1000 id:s",
    "Address": "Id:s Line1:s500 Line2:s500 Line3:s500 Line4:s500 Line5:s500 City:s255 Country:s255 CountryCode:s County:s "
    "CountrySubDivisionCode:s255 PostalCode:s30 PostalCodeSuffix:s Lat:s Long:s Tag:s Note:s",
    "LinkedTxn": "TxnId:s TxnType:s TxnLineId:s",
    "SalesLine": f"{_LINE} ProjectRef:r SalesItemLineDetail:{{SalesDetail GroupLineDetail:{{GroupDetail "
    "DescriptionLineDetail:{DescriptionDetail DiscountLineDetail:{DiscountDetail SubTotalLineDetail:{SubTotalDetail",
    "SalesDetail": "ItemRef:r ClassRef:r UnitPrice:n UnitCostPrice:n RatePercent:n PriceLevelRef:r MarkupInfo:* Qty:n "
    "UOMRef:* ItemAccountRef:r InventorySiteRef:r TaxCodeRef:r TaxClassificationRef:r ServiceDate:d TaxInclusiveAmt:n "
    "DiscountRate:n DiscountAmt:n DeferredRevenue:b",
    "GroupDetail": "GroupItemRef:r Quantity:n UOMRef:* ServiceDate:d Line:[SalesLine",
    "DescriptionDetail": "ServiceDate:d TaxCodeRef:r",
    "DiscountDetail": "DiscountRef:r PercentBased:b DiscountPercent:n DiscountAccountRef:r ServiceDate:d ClassRef:r "
    "TaxCodeRef:r",
    "SubTotalDetail": "ItemRef:r ServiceDate:d",
    "TaxDetail": "DefaultTaxCodeRef:r TxnTaxCodeRef:r TotalTax:n TaxReviewStatus:s TaxLine:[TaxLine "
    "UseAutomatedSalesTax:b",
    "TaxLine": f"{_LINE} TaxLineDetail:{{TaxLineDetail",
    "TaxLineDetail": "TaxRateRef:r PercentBased:b TaxPercent:n NetAmountTaxable:n TaxInclusiveAmount:n "
    "OverrideDeltaAmount:n ServiceDate:d",
    "PaymentLine": f"{_LINE} PaymentLineDetail:* DiscountLineDetail:{{DiscountDetail",
    # Entities
    "Customer": f"{_BASE} {_NAME} Taxable:b Job:b BillWithParent:b RootCustomerRef:r ParentRef:r Level:i CustomerTypeRef:r "
    "SalesTermRef:r PaymentMethodRef:r BalanceWithJobs:n PreferredDeliveryMethod:s ResaleNum:s16 ARAccountRef:r "
    "SecondaryTaxIdentifier:s TaxExemptionReasonId:s IsProject:b ClientEntityId:s",
    "Vendor": f"{_BASE} {_NAME} ParentRef:r TermRef:r BillRate:n Vendor1099:b T4AEligible:b T5018Eligible:b TaxIdentifier:s20 "
    "APAccountRef:r CostRate:n TaxReportingBasis:s HasTPAR:b",
    "Employee": f"{_BASE} {_NAME} EmployeeNumber:s SSN:s PrimaryAddr:{{Address BillableTime:b BillRate:n BirthDate:d Gender:s "
    "HiredDate:d ReleasedDate:d Organization:b",
    "Item": f"{_BASE} Name:s100 Sku:s100 Description:s4000 Active:b SubItem:b ParentRef:r Level:i FullyQualifiedName:s "
    "Taxable:b SalesTaxIncluded:b PercentBased:b UnitPrice:n RatePercent:n Type:s IncomeAccountRef:r PurchaseDesc:s1000 "
    "PurchaseTaxIncluded:b PurchaseCost:n ExpenseAccountRef:r COGSAccountRef:r AssetAccountRef:r PrefVendorRef:r "
    "TrackQtyOnHand:b QtyOnHand:n QtyOnPurchaseOrder:n QtyOnSalesOrder:n ReorderPoint:n ManPartNum:s SalesTaxCodeRef:r "
    "PurchaseTaxCodeRef:r InvStartDate:d ItemGroupDetail:* ItemCategoryType:s TaxClassificationRef:r ClassRef:r Source:s "
    "AvgCost:n ServiceType:s",
    "Account": f"{_BASE} Name:s100 SubAccount:b ParentRef:r Description:s100 FullyQualifiedName:s AccountAlias:s "
    "TxnLocationType:s Active:b Classification:s AccountType:s AccountSubType:s AcctNum:s20 OpeningBalance:n "
    "OpeningBalanceDate:d CurrentBalance:n CurrentBalanceWithSubAccounts:n CurrencyRef:r TaxCodeRef:r",
    "Class": f"{_BASE} Name:s100 SubClass:b ParentRef:r FullyQualifiedName:s Active:b",
    "Department": f"{_BASE} Name:s100 SubDepartment:b ParentRef:r FullyQualifiedName:s Active:b Address:{{Address",
    "PaymentMethod": f"{_BASE} Name:s31 Active:b Type:s",
    "Term": f"{_BASE} Name:s31 Active:b Type:s DiscountPercent:n DueDays:i DiscountDays:i DayOfMonthDue:i DueNextMonthDays:i "
    "DiscountDayOfMonth:i",
    "TaxCode": f"{_BASE} Name:s100 Description:s100 Active:b Taxable:b TaxGroup:b SalesTaxRateList:* PurchaseTaxRateList:*",
    "TaxRate": f"{_BASE} Name:s100 Description:s100 Active:b RateValue:n AgencyRef:r",
    "TaxAgency": f"{_BASE} DisplayName:s100 TaxTrackedOnSales:b TaxTrackedOnPurchases:b TaxRegistrationNumber:s",
    "Invoice": f"{_BASE} {_SALE} Deposit:n AllowIPNPayment:b AllowOnlinePayment:b AllowOnlineCreditCardPayment:b "
    "AllowOnlineACHPayment:b AllowOnlinePayPalPayment:b InvoiceLink:s FinanceCharge:b EInvoiceStatus:s "
    "ECloudStatusTimeStamp:t invoiceStatus:s callToAction:s TaxFormNum:s RecurringInfo:* InvoiceEx:*",
    "SalesReceipt": f"{_BASE} {_SALE} FinanceCharge:b",
    "CreditMemo": f"{_BASE} {_SALE} RemainingCredit:n InvoiceRef:r FinanceCharge:b",
    "RefundReceipt": f"{_BASE} {_SALE} RemainingCredit:n FinanceCharge:b",
    "Payment": f"{_BASE} {_TXN} Line:[PaymentLine UnappliedAmt:n ProcessPayment:b",
}

_CHOICES = {
    "PrintStatus": ("NotSet", "NeedToPrint", "PrintComplete"),
    "EmailStatus": ("NotSet", "NeedToSend", "EmailSent"),
    "GlobalTaxCalculation": ("TaxInclusive", "TaxExcluded", "NotApplicable"),
    "PreferredDeliveryMethod": ("Print", "Email", "None"),
    "PaymentType": ("Cash", "Check", "CreditCard", "Expense", "Other"),
}
_ITEM_TYPES = ("Service", "NonInventory", "Inventory", "Category", "Group")


@dataclass(frozen=True, slots=True)
class _Kind:
    """`letter` as in the module's words; `longest` for texts; `inner` the table of an object or a list."""

    letter: str
    longest: int | None = None
    inner: str = ""


def _kind(word: str) -> _Kind:
    if word[0] in "{[":
        return _Kind(word[0], inner=word[1:])
    return _Kind(word[0], int(word[1:]) if len(word) > 1 else None)


SHAPES: dict[str, dict[str, _Kind]] = {
    table: {name: _kind(kind) for name, _, kind in (word.partition(":") for word in words.split())}
    for table, words in _TABLES.items()
}
_REF = {"value": _Kind("s"), "name": _Kind("s"), "type": _Kind("s")}
_REF_FIELDS = {"value"}


def check(entity: str, body: Any) -> None:
    """Refuse a request body that the vendor would refuse: 2010, 2050, 2060, 2080, 2170."""
    if entity not in SHAPES:
        return
    if not isinstance(body, dict):
        raise Refusal("2010", "Property Name:Can not deserialize the request body")
    _object(entity, SHAPES[entity], body)
    kind = body.get("Type") if entity == "Item" else None
    if kind is not None and kind not in _ITEM_TYPES:
        raise Refusal("2170", f"Invalid Enumeration : {kind}", element="Type")


def _object(name: str, shape: dict[str, _Kind], body: Document) -> None:
    for field, value in body.items():
        kind = shape.get(field)
        if kind is None:
            known = ", ".join(f'"{other}"' for other in shape)
            raise Refusal(
                "2010",
                f'Property Name:Unrecognized field "{field}" (class com.intuit.schema.finance.v3.{name}), '
                f"not marked as ignorable ({len(shape)} known properties: {known}])",
            )
        if value is not None:
            _value(field, kind, value)


def _value(field: str, kind: _Kind, value: Any) -> None:
    letter, type_ = kind.letter, type(value)
    # What nearly every value is, told at once.
    if letter == "s" and type_ is str and kind.longest is None and field not in _CHOICES:
        return
    if letter == "n" and (type_ is int or type_ is Decimal):
        return
    if letter == "r" and type_ is dict and value.keys() <= _REF_FIELDS and type(value.get("value")) is str:
        return
    if letter in _CHECKS:
        _CHECKS[letter](field, kind, value)


def _inner(field: str, kind: _Kind, value: Any) -> None:
    if not isinstance(value, dict):
        raise _wrong(field, value)
    _object(kind.inner or "ReferenceType", SHAPES[kind.inner] if kind.inner else _REF, value)


def _list(field: str, kind: _Kind, value: Any) -> None:
    if not isinstance(value, list):
        raise _wrong(field, value)
    for member in value:
        _inner(field, kind, member)


def _flag(field: str, kind: _Kind, value: Any) -> None:
    if not isinstance(value, bool):
        raise _wrong(field, value)


def _text(field: str, kind: _Kind, value: Any) -> None:
    if not isinstance(value, str):
        raise _wrong(field, value)
    if kind.longest is not None and len(value) > kind.longest:
        raise Refusal(
            "2050",
            f"String length is either shorter or longer than supported by specification. "
            f"Min:0 Max:{kind.longest} supported. Supplied length:{len(value)}",
            element=field,
        )
    if kind.letter == "d" and value and not _DATE.fullmatch(value):
        raise Refusal("2060", f"Invalid Date Format : {value}", element=field)
    if value and value not in _CHOICES.get(field, (value,)):
        raise Refusal("2170", f"Invalid Enumeration : {value}", element=field)


def _number(field: str, kind: _Kind, value: Any) -> None:
    """Numbers in quotes are taken too, as the vendor does."""
    if isinstance(value, bool):
        raise _wrong(field, value)
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Refusal("2080", f"Invalid Number Format : {value}", element=field) from error
    if not number.is_finite() or (kind.letter == "i" and number != int(number)):
        raise Refusal("2080", f"Invalid Number Format : {value}", element=field)


def _wrong(field: str, value: Any) -> Refusal:
    return Refusal("2010", f"Property Name:Can not deserialize value of {field} out of {type(value).__name__}")


# By the letter of a kind; what has none is not looked at.
_CHECKS: dict[str, Callable[[str, _Kind, Any], None]] = {
    "{": _inner,
    "r": _inner,
    "[": _list,
    "b": _flag,
    "n": _number,
    "i": _number,
    "s": _text,
    "d": _text,
    "t": _text,
}
