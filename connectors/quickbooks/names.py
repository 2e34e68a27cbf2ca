"""What the vendor calls its fields, by our names, for people who know its documents. Dotted paths.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer, …/item, …/invoice,
…/payment (read 2026-11)
"""

CUSTOMER = {
    "name": "DisplayName",
    "given_name": "GivenName",
    "family_name": "FamilyName",
    "company": "CompanyName",
    "email": "PrimaryEmailAddr.Address",
    "phone": "PrimaryPhone.FreeFormNumber",
    "mobile": "Mobile.FreeFormNumber",
    "address": "BillAddr",
    "website": "WebAddr.URI",
    "notes": "Notes",
    "active": "Active",
    "balance": "Balance",
    "currency": "CurrencyRef.value",
    "created_at": "MetaData.CreateTime",
}
ITEM = {
    "name": "Name",
    "sku": "Sku",
    "kind": "Type",
    "description": "Description",
    "price": "UnitPrice",
    "cost": "PurchaseCost",
    "active": "Active",
    "quantity": "QtyOnHand",
    "tracked": "TrackQtyOnHand",
    "taxable": "Taxable",
}
SALE = {
    "number": "DocNumber",
    "date": "TxnDate",
    "contact": "CustomerRef",
    "currency": "CurrencyRef.value",
    "tax_total": "TxnTaxDetail.TotalTax",
    "total": "TotalAmt",
    "memo": "PrivateNote",
    "email": "BillEmail.Address",
    "lines": "Line",
}
INVOICE = {**SALE, "due_date": "DueDate", "balance": "Balance", "terms_id": "SalesTermRef.value"}
PAYMENT = {
    "number": "PaymentRefNum",
    "date": "TxnDate",
    "contact": "CustomerRef",
    "currency": "CurrencyRef.value",
    "total": "TotalAmt",
    "memo": "PrivateNote",
    "method": "PaymentMethodRef",
    "unapplied": "UnappliedAmt",
    "applied": "Line",
}
