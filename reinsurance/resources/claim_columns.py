"""Columns of a claims bordereau: the claim, the loss, the period (CRS 5.2)."""

from reinsurance.resources import references
from reinsurance.resources.base import Column
from reinsurance.resources.widgets import DateWidget, IntegerWidget, TextWidget


def description_columns() -> dict[str, Column]:
    """What tells a claim and its positions from others, and what describes it."""
    return {
        "claim_reference": Column(
            "reference",
            "Claim reference",
            TextWidget(60),
            synonyms=(
                "Claim Ref",
                "Claim No",
                "Claim Number",
                "Claim ID",
                "Claim Reference / Number",
                "Case ID",
                "Case Ref",
                "Unique Claim Reference",
                "UCR",
                "CR0104",
            ),
            ask=("Unique Identifier", "Reference"),
            required=True,
        ),
        "section": Column(
            None,
            "Section",
            TextWidget(20),
            synonyms=("Section No", "Section Number", "CR0007"),
        ),
        "risk_code": Column(
            None,
            "Risk code",
            TextWidget(20),
            synonyms=("Lloyd's Risk Code", "CR0016"),
        ),
        "policy_reference": Column(
            "policy_reference",
            "Policy reference",
            TextWidget(60),
            synonyms=(
                "Policy No",
                "Policy Number",
                "Policy Ref",
                "Pol #",
                "Policy Num",
                "Policy or Group Ref",
                "Risk Reference",
                "Cover Note Number",
                "CR0026",
            ),
        ),
        "certificate_reference": Column(
            "certificate_reference",
            "Certificate reference",
            TextWidget(60),
            synonyms=("Certificate Ref", "Certificate No", "Certificate", "CR0029"),
        ),
        "insured_name": Column(
            "insured_name",
            "Insured",
            TextWidget(200),
            synonyms=(
                "Insured Name",
                "Policyholder",
                "Named Insured",
                "Named Insured Party",
                "Insured Full Name",
                "Insured Full Name, Last Name or Company Name",
                "Insured Full Name or Company Name",
                "CR0035",
            ),
        ),
        "loss_event": references.loss_event(
            synonyms=("Event", "Event code", "Cat code", "Catastrophe name", "PCS code")
        ),
        "cause": Column(
            "cause",
            "Cause of loss",
            TextWidget(100),
            synonyms=(
                "Cause",
                "Cause code",
                "Cause of loss code",
                "Loss cause",
                "Peril",
                "CR0117",
            ),
        ),
        "description": Column(
            "description",
            "Loss description",
            TextWidget(500),
            synonyms=("Description", "Loss details", "Description of loss", "CR0118"),
        ),
        "country": references.country(
            column_name="Country of loss",
            synonyms=("Loss country", "Location of loss country", "Country", "CR0116"),
        ),
        "date_of_loss": Column(
            "date_of_loss",
            "Date of loss",
            DateWidget(),
            synonyms=(
                "Loss Date",
                "DOL",
                "Incident Date",
                "Occurrence Date",
                "Date of Loss (From)",
                "Date of Loss From",
                "CR0119",
            ),
        ),
        "date_of_loss_to": Column(
            "date_of_loss_to",
            "Date of loss, to",
            DateWidget(),
            synonyms=("Date of Loss to", "Loss date to", "CR0120"),
        ),
        "date_notified": Column(
            "date_notified",
            "Date notified",
            DateWidget(),
            synonyms=(
                "Date First Notified",
                "Notification Date",
                "Date First Advised",
                "Reported On",
                "Date reported",
                "Notice Received Date",
                "Date Claim Made",
                "Date Claim First Advised / Date Claim Made",
                "CR0136",
            ),
        ),
        "date_opened": Column(
            "date_opened",
            "Date opened",
            DateWidget(),
            synonyms=("Date Claim Opened", "Opened date", "CR0300"),
        ),
        "date_closed": Column(
            "date_closed",
            "Date closed",
            DateWidget(),
            synonyms=("Closed date", "Closing date", "Date claim closed", "CR0137"),
        ),
        "policy_inception": Column(
            "policy_inception",
            "Policy inception",
            DateWidget(),
            synonyms=("Risk inception", "Risk Inception Date", "Inception", "CR0030"),
        ),
        "policy_expiry": Column(
            "policy_expiry",
            "Policy expiry",
            DateWidget(),
            synonyms=("Risk expiry", "Risk Expiry Date", "Expiry", "CR0031"),
        ),
        "claim_status": references.claim_status(
            synonyms=(
                "Status",
                "Case Status",
                "Claim State",
                "Case State",
                "Claim Status - See Drop Down List",
                "CR0105",
            ),
        ),
    }


def period_columns() -> dict[str, Column]:
    """The period that a row is for, and what tells its contract from others."""
    return {
        "period_start": Column(
            None,
            "Reporting period start",
            DateWidget(),
            synonyms=("Reporting Period Start Date", "Period start", "CR0001"),
        ),
        "period_end": Column(
            None,
            "Reporting period end",
            DateWidget(),
            synonyms=(
                "Reporting Period (End Date)",
                "Reporting period end date",
                "Period end",
                "CR0002",
            ),
            ask=("Reporting Period", "Bordereau Month", "Accounting Period"),
        ),
        "year_of_account": Column(
            None,
            "Year of account",
            IntegerWidget(1900, 2199),
            shows="treaty__year_of_account",
            synonyms=("YOA", "Underwriting year", "UWY", "UW Year", "CR0010"),
            explanation="Tells renewals of one contract apart; not stored.",
        ),
        "treaty_cedant": references.party(
            None,
            "Treaty cedant",
            shows="treaty__cedant__code",
            explanation="Tells contracts of one reference apart; not stored.",
        ),
        "treaty_inception": Column(
            None,
            "Treaty inception",
            DateWidget(),
            shows="treaty__inception",
            explanation="Tells periods of one contract apart; not stored.",
        ),
    }
