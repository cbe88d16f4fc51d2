"""Fields of the reporting standard that have no column of their own.

They are kept with the record as its further details, under the standard's name (CRS
5.2; claims: all fields of the standard's list, premiums: those of the template).
"""

from collections import Counter

from reinsurance.resources.base import Column
from reinsurance.resources.further_premiums import FURTHER_PREMIUMS
from reinsurance.resources.widgets import TextWidget

__all__ = ["FURTHER_CLAIMS", "FURTHER_PREMIUMS", "further_columns"]

Fields = tuple[tuple[str, str], ...]
"""Code and name of each field; the lines of a repeated group share their codes."""


def further_columns(fields: Fields) -> dict[str, Column]:
    """A column for each field, of text as the sender writes it, stored nowhere else.

    It is called by its name and, the first of a code, by the code: ``further_cr0013``,
    ``further_cr0077_2`` for the second tax.
    """
    found: dict[str, Column] = {}
    seen: Counter[str] = Counter()
    for code, name in fields:
        seen[code] += 1
        is_first = seen[code] == 1
        suffix = "" if is_first else f"_{seen[code]}"
        found[f"further_{code.casefold()}{suffix}"] = Column(
            None,
            name,
            TextWidget(500),
            synonyms=(f"{name} (see code list)", *((code,) if is_first else ())),
            explanation="Kept with the record's further details.",
        )
    return found


FURTHER_CLAIMS: Fields = (
    ("CR0013", "Coverholder Name"),
    ("CR0015", "TPA Name"),
    ("CR0008", "Binding authority or coverholder appointment agreement inception date"),
    ("CR0009", "Binding authority or coverholder appointment agreement expiry date"),
    ("CR0017", "Class of Business"),
    ("CR0110", "Settlement Currency"),
    ("CR0111", "Rate of Exchange"),
    ("CR0039", "Insured State, Province, Territory, Canton etc."),
    ("CR0041", "Insured Country"),
    ("CR0048", "Location of risk State, Province, Territory, Canton"),
    ("CR0050", "Location of risk Country"),
    ("CR0032", "Period of Cover - Narrative"),
    ("CR0114", "Location of loss State, Province, Territory, Canton"),
    ("CR0106", "Refer to Underwriters"),
    ("CR0107", "Denial"),
    ("CR0122", "Claimant Name"),
    ("CR0113", "Loss County"),
    ("CR0088", "State of Filing"),
    ("CR0108", "PCS Code"),
    ("CR0220", "Medicare United States Bodily Injury"),
    ("CR0221", "Medicare Eligibility Check Performance"),
    ("CR0222", "Medicare Outcome of Eligibility Status Check"),
    ("CR0223", "Medicare Conditional Payments"),
    ("CR0224", "Medicare MSP Compliance Services"),
    ("CR0014", "Coverholder PIN"),
    ("CR0019", "Type of Insurance (Direct, or Type of RI)"),
    ("CR0038", "Insured Address"),
    ("CR0040", "Insured Postcode / Zip Code or similar"),
    ("CR0042", "Location of Risk Location ID"),
    ("CR0046", "Location of Risk Address"),
    ("CR0049", "Location of Risk Postcode / Zip Code or similar"),
    ("CR0054", "Deductible Amount"),
    ("CR0055", "Deductible Basis"),
    ("CR0103", "Sums Insured Amount"),
    ("CR0112", "Location of loss Address"),
    ("CR0115", "Location of loss Postcode / Zip Code or similar"),
    ("CR0138", "Lloyd's Cat Code"),
    ("CR0139", "Catastrophe Name"),
    ("CR0033", "Name or Reg No of Aircraft Vehicle, Vessel etc."),
    ("CR0156", "% Ceded (Reinsurance)"),
    ("CR0157", "Plan"),
    ("CR0158", "Patient Name"),
    ("CR0159", "Treatment Type"),
    ("CR0160", "Country of Treatment"),
    ("CR0161", "Date of Treatment"),
    ("CR0162", "Expert - Role"),
    ("CR0163", "Expert Firm / Company Name"),
    ("CR0164", "Expert Reference No etc."),
    ("CR0165", "Expert Address"),
    ("CR0166", "Expert State, Province, Territory, Canton etc."),
    ("CR0167", "Expert Postcode / Zip Code or similar"),
    ("CR0168", "Expert Country"),
    ("CR0169", "Notes"),
    ("CR0301", "Date Coverage Confirmed"),
    ("CR0302", "Date Claim Amount Agreed"),
    ("CR0303", "Date Claims Paid (Final)"),
    ("CR0304", "Date fees paid (final)"),
    ("CR0306", "Date Reopened"),
    ("CR0307", "Date of Subrogation"),
    ("CR0311", "Date Claim Denied"),
    ("CR0312", "Reason for Denial"),
    ("CR0316", "Date claim withdrawn"),
    ("CR0317", "Ex gratia payment"),
    ("CR0319", "Claim not paid as within excess"),
    ("CR0362", "Jurisdiction of the claim"),
    ("CR0364", "General nature of loss"),
    ("CR0366", "Body functions or structures affected"),
    ("CR0367", "Severity of loss"),
    ("CR0368", "Litigation status"),
    ("CR0372", "Claim First Notification Acknowledgement Date"),
    ("CR0371", "Date First Reserve Established"),
    ("CR0369", "Diary date"),
    ("CR0370", "Peer review date"),
    ("CR1252", "Paid this month fees - VAT applied"),
    ("CR1253", "Paid this month fees - VAT Amount"),
    ("CR1254", "Paid this month fees - exempt Belgian VAT"),
    ("CR1255", "Paid this month fees - no VAT applied"),
    ("CR1257", "Heads of damage - past economic loss"),
    ("CR1258", "Heads of damage - future economic loss"),
    ("CR1259", "Heads of damage - Past medical, hospital"),
    ("CR1260", "Heads of damage - Future medical, hospital"),
    ("CR1261", "Heads of damage - Future caring services"),
    ("CR1262", "Heads of damage - General damages"),
    ("CR1263", "Heads of damage - Interest"),
    ("CR1264", "Heads of damage - Plaintiff legal costs"),
    ("CR1265", "Heads of damage - Defendant legal costs"),
    ("CR1266", "Heads of damage - Investigation costs"),
    ("CR1267", "Heads of damage - other"),
    ("CR1268", "Lead syndicate number"),
    ("CR1269", "Hong Kong Insured Occupation Code"),
    ("CR1270", "IA Accounting Class"),
    ("CR1272", "IA Sub-accounting class"),
    ("CR1273", "Nature of claim"),
    ("CR1275", "Type of vehicle - code"),
    ("CR1276", "Number of vessels"),
    ("CR1279", "Management expense"),
    ("CR1297", "Lloyd's Platform"),
)
