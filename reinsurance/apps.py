"""The domain application: treaties, premiums, claims and their reference data."""

from django.apps import AppConfig


class ReinsuranceConfig(AppConfig):
    name = "reinsurance"
    verbose_name = "Reinsurance"
