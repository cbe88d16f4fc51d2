"""The ingestion machine: files and services in, checked records out."""

from django.apps import AppConfig


class ImportersConfig(AppConfig):
    name = "importers"
    verbose_name = "Ingestion"
