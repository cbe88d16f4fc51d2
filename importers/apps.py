"""The ingestion machine: files and services in, checked records out."""

from importlib import import_module

from django.apps import AppConfig


class ImportersConfig(AppConfig):
    name = "importers"
    verbose_name = "Ingestion"

    def ready(self) -> None:
        """Register the system checks and the API's problems; they need the models."""
        import_module("importers.checks")
        import_module("importers.api.problems")
