"""The vendor's tables: which members a row has, and what stands in them until somebody says otherwise.

Source: shopmonkeyus/go-datamodel:v3/*.go, shopmonkeyus/eds order schema, contracts/shopmonkey, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.core import Document


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `word` names it on the wire and in webhooks, `trigger` is what a webhook subscribes to."""

    word: str
    trigger: str = ""
    none: str = ""
    no: str = ""
    zero: str = ""
    lists: str = ""
    texts: Mapping[str, Any] | None = None
    is_local: bool = True  # rows belong to one location

    def blank(self) -> Document:
        """A row nobody has filled in."""
        row: Document = {"locationId": None} if self.is_local else {}
        row |= dict.fromkeys(self.none.split()) | dict.fromkeys(self.no.split(), False)
        row |= dict.fromkeys(self.zero.split(), 0) | {name: [] for name in self.lists.split()}
        return row | dict(self.texts or {})


_GONE = "deletedDate deletedReason deletedUserId"
_OFF = {"discountValueType": "Percent"}

ORDER = Table(
    "order",
    "Order",
    none=f"authorizedDate coalescedName complaint completedDate conversationId customerId {_GONE} dueDate emailId "
    "fullyPaidDate generatedCustomerName generatedName generatedVehicleName invoicedDate messagedDate mileageIn "
    "mileageOut name number paymentTermId phoneNumberId profitability purchaseOrderNumber readOnlyReason "
    "recommendation remainingCostCents serviceWriterId statementId taxConfigId vehicleId workflowStatusId "
    "workflowStatusPosition externalNumber labels paymentDueDate repairOrderDate transactionFeeConfigId",
    no="archived authorized deleted invoiced paid readOnly sentToCarfax allowCollectPayment allowCustomerAuthorization "
    "allowCustomerViewActivity allowCustomerViewAuthorizations allowCustomerViewInspections allowCustomerViewMessages "
    "imported requireESignatureOnAuthorization requireESignatureOnInvoice showBnplPrequalLink surchargingEnabled "
    "updatedSinceSignedInvoice",
    zero="deferredServiceCount discountCents discountPercent epaCents feesCents gstCents hstCents inspectionCount "
    "laborCents messageCount paidCostCents partsCents pstCents shopSuppliesCents shopUnreadMessageCount "
    "subcontractsCents taxCents tiresCents totalCostCents completedAuthorizedLaborHours completedLaborHours "
    "requestedDepositCents totalAuthorizedLaborHours totalLaborHours transactionalFeeSubtotalCents "
    "transactionalFeeTotalCents",
    lists="appointmentDates assignedTechnicianIds",
    texts={"inspectionStatus": "None", "status": "Estimate"},
)
SERVICE = Table(
    "service",
    none="deferredDate deferredReason note ordinal revivedFromId sourceServiceId fixedPriceCents",
    no="excludedFromDeferred hidden lumpSum recommended revived shopSuppliesApplied",
    zero="calculatedDiscountCents calculatedDiscountPercent calculatedEpaCents calculatedFeeCents calculatedLaborCents "
    "calculatedPartsCents calculatedShopSuppliesCents calculatedSubcontractsCents calculatedTaxCents "
    "calculatedTiresCents discountCents discountPercent epaCents epaPercent gstCents gstPercent hstCents hstPercent "
    "pstCents pstPercent shopSuppliesCents shopSuppliesPercent taxCents taxPercent totalCents",
    lists="labors parts tires subcontracts fees",
    texts={
        "authorizationStatus": "NotAuthorized",
        "name": "Service",
        "pricing": "LineItem",
        **{f"{of}ValueType": "Percent" for of in ("discount", "epa", "gst", "hst", "pst", "shopSupplies", "tax")},
    },
)
LINES = {
    "labors": Table(
        "labor",
        none="applicationId categoryId completedDate costHours costRateCents costTotalCents laborMatrixDate "
        "laborMatrixId name note ordinal rateId skillRequired skillRequiredDescription sourceItemId technicianId",
        no="completed showHours showNote taxable",
        zero="discountCents discountPercent hours rateCents",
        texts={**_OFF, "multiplier": 1, "multiplierType": "Hours"},
    ),
    "parts": Table(
        "part",
        none="categoryId inventoryPartId note ordinal pricingMatrixDate pricingMatrixId sourceItemId vendorId "
        "wholesaleCostCents",
        no="reduceInventoryCount showCostAndQuantity showNote showPartNumber taxable",
        zero="discountCents discountPercent quantity retailCostCents",
        texts={**_OFF, "binLocation": "", "name": "Part", "partNumber": ""},
    ),
    "tires": Table(
        "tire",
        none="binLocation brandId categoryId inventoryTireId model note ordinal partNumber pricingMatrixDate "
        "pricingMatrixId seasonality size sourceItemId vendorId wholesaleCostCents",
        no="reduceInventoryCount showNote showPartNumber showPriceAndQuantity taxable",
        zero="discountCents discountPercent federalExciseTaxCents quantity retailCostCents wasteTireFee",
        texts={**_OFF, "name": "Tire", "sizeFormat": "Conventional"},
    ),
    "subcontracts": Table(
        "subcontract",
        none="categoryId note ordinal sourceItemId vendorId",
        no="showNote taxable",
        zero="costCents discountCents discountPercent retailCostCents",
        texts={**_OFF, "name": "Subcontract"},
    ),
    "fees": Table(
        "fee",
        none="categoryId laborId lineItemEntity ordinal partId sourceItemId subcontractId subtotalCents tireId "
        "percentValue",
        zero="amountCents percent",
        texts={"feeType": "FixedCents", "name": "Fee"},
    ),
}
PAYMENT = Table(
    "payment",
    "Payment",
    none="cardConfirmation cardDigits cardName cardType chargeId checkNumber note orderId payerId providerData "
    "receiptNumber recordedDate refundReason refunded refundedAmountCents statementId userData",
    no="bulk chargeFromPublicPage debitCard deposit",
    zero="amountCents",
    texts={
        "paymentMode": "Manual",
        "paymentType": "Cash",
        "provider": "Manual",
        "transactionType": "Charge",
        "status": "succeeded",
    },
)
CUSTOMER = Table(
    "customer",
    "Customer",
    none="address1 address2 city companyName country discountPercent dotNumber firstName fleetId laborMatrixId "
    "laborRateId lastName lastTimeOrderWorked marketingOptIn note paymentTermId postalCode preferredContactMethod "
    "pricingMatrixId referralSourceId state website publicId externalId",
    no="taxExempt imported deleted",
    zero="appointmentCount deferredServiceCount messageCount statementCount transactionCount",
    lists="emails phoneNumbers locationIds",
    texts={"customerType": "Customer"},
    is_local=False,
)
EMAIL = Table("email", no="primary subscribed")
PHONE = Table(
    "phone_number",
    none="carrierName country extension lastVerifiedDate mobileCountryCode mobileNetworkCode optInVerifiedDate type "
    "userDefinedType",
    no="optIn primary",
)
TABLES: Mapping[str, Table] = {
    "locations": Table(
        "location",
        none="address2 certifications contactName email phone website",
        no="showNameOnDocuments",
        texts={"address1": "", "city": "", "country": "CA", "name": "Location", "postalCode": "", "state": "QC",
               "timezone": "America/Toronto"},
        is_local=False,
    ),
    "customers": CUSTOMER,
    "vehicles": Table(
        "vehicle",
        "Vehicle",
        none="color computed_ymm drivetrain engine licensePlate licensePlateState make makeId mileage model modelId "
        "note productionDate stockPhoto submodel submodelId transmission type unit vcdbVehicleId vin year customerId",
        no="customPhoto odometer",
        zero="appointmentCount deferredServiceCount messageCount mileageLogCount orderCount ownerCount "
        "tirePressureLogCount",
        texts={"licensePlateCountry": "CA", "mileageUnit": "Kilometer", "size": "LightDuty"},
        is_local=False,
    ),
    "vendors": Table(
        "vendor",
        "Vendor",
        none="accountNumber address1 address2 city contactEmail contactFirstName contactLastName contactPhone country "
        "postalCode state url",
        texts={"name": "Vendor"},
    ),
    "workflow_statuses": Table(
        "workflow_status", none="name", no="archiveWhenInactive invoiceWorkflow", zero="daysToArchive position"
    ),
    "tax_configs": Table(
        "tax_config",
        no="epaTaxable includeEpaOnLabor includeEpaOnParts laborShopSupplies partShopSupplies shopSuppliesTaxable",
        zero="epaPercent gstPercent hstPercent pstPercent taxPercent shopSuppliesMaxCapCents "
        "shopSuppliesMaxCapServicePercent shopSuppliesServiceCents shopSuppliesServicePercent",
        texts={"hash": "", "laborTaxable": True, "partTaxable": True, "subcontractTaxable": True, "rateId": "",
               "priceCalculatorVersion": None, "shopSuppliesConfig": "NoCap", "shopSuppliesServiceType": "Percent",
               "taxSystem": "CA", "version": 1},
    ),
    "payment_terms": Table("payment_term", no="deleted", zero="days", texts={"name": "Net"}, is_local=False),
    "inventory_parts": Table(
        "inventory_part",
        "Inventory",
        none=f"binLocation categoryId {_GONE} note userId vendorId minCriticalQuantity maxCriticalQuantity "
        "onEstimateQuantity reservedQuantity availableQuantity otherLocationsAvailableQuantity brandId "
        "inventoryPartTemplateId pricingMatrixId metadata",
        no="deleted taxable",
        zero="quantity retailCostCents wholesaleCostCents",
        texts={"name": "Part", "number": ""},
    ),
    "inventory_tires": Table(
        "inventory_tire",
        "Inventory",
        none=f"binLocation brandId categoryId categoryType construction {_GONE} inventoryNumber loadIndex loadRange "
        "maxTirePressurePSI model note outerDiameterValue partNumber pricingMatrixDate pricingMatrixId seasonality "
        "sectionWidthValue serviceType sidewallAspectValue size speedRating temperature_UTQG traction_UTQG "
        "treadDepthValue treadWear_UTQG userId vendorId wheelDiameterValue wholesaleCostCents",
        no="deleted isRunFlat isStudded showNote showPartNumber showPriceAndQuantity taxable",
        zero="discountCents discountPercent federalExciseTaxCents quantity retailCostCents wasteTireFeeCents",
        texts={**_OFF, "name": "Tire", "outerDiameterUnit": "mm", "sectionWidthUnit": "mm", "treadDepthUnit": "mm",
               "wheelDiameterUnit": "in", "sizeFormat": "Conventional"},
    ),
    "inventory_labors": Table(
        "inventory_labor",
        "Inventory",
        none=f"categoryId costHours costRateCents {_GONE} laborMatrixDate laborMatrixId note rateId skillRequired "
        "skillRequiredDescription totalCostCents userId",
        no="deleted showHours showNote taxable",
        zero="discountCents discountPercent hours multiplier rateCents",
        texts={**_OFF, "multiplierType": "Hours", "name": "Labor"},
    ),
    "inventory_fees": Table(
        "inventory_fee",
        "Inventory",
        none=f"categoryId {_GONE} userId",
        no="deleted",
        zero="amountCents percent",
        texts={"feeType": "FixedCents", "name": "Fee"},
    ),
    "orders": ORDER,
    "services": SERVICE,
    "payments": PAYMENT,
    "webhooks": Table(
        "webhook",
        none="errorMessage errorDate",
        no="error",
        lists="triggers",
        texts={"name": "", "url": "", "enabled": True, "secret": "", "version": 3},
    ),
}  # fmt: skip
