"""The ingestion machine: files and services in, checked records out."""

from importlib import import_module

from django.apps import AppConfig

from reinsurance.ledger.receipts import number_by


class ImportersConfig(AppConfig):
    name = "importers"
    verbose_name = "Ingestion"

    def ready(self) -> None:
        """Register the system checks, the API's problems and who numbers what comes.

        They need the models.
        """
        import_module("importers.checks")
        import_module("importers.api.problems")
        number_by(import_module("importers.numbers").next_number)
