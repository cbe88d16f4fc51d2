"""The secrets in the database as a whole: all readable, all under the newest key."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import models

from importers.models.secrets import SealedSecret, SecretField, cipher


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many secrets are under the first key now, and which cannot be read."""

    count: int
    unreadable: tuple[str, ...]


def rotate() -> Rotated:
    """Encrypt every secret anew with the first of FIELD_ENCRYPTION_KEYS.

    One that no key fits stays as it is.  Raises ImproperlyConfigured without a key.
    """
    keys = cipher()
    count, unreadable = 0, []
    for model, key, name, stored in _stored():
        try:
            anew = keys.rotate(stored).decode()
        except InvalidToken:
            unreadable.append(_said(model, key, name))
            continue
        # A secret that was changed meanwhile is under the first key already.
        rows = model._base_manager.filter(pk=key, **{name: SealedSecret(stored)})
        rows.update(**{name: SealedSecret(anew)})
        count += 1
    return Rotated(count, tuple(unreadable))


def unreadable(*, using: str = "default") -> list[str]:
    """The secrets that none of the keys fits, by record and field."""
    found = []
    for model, key, name, stored in _stored(using):
        try:
            cipher().decrypt(stored)
        except InvalidToken:
            found.append(_said(model, key, name, using))
    return found


def models_with_secrets() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every model with a SecretField, and the names of those fields."""
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        if names := [f.name for f in fields if isinstance(f, SecretField)]:
            yield model, names


def _stored(
    using: str = "default",
) -> Iterator[tuple[type[models.Model], int, str, str]]:
    """Model, key, field and ciphertext of every secret there is."""
    for model, names in models_with_secrets():
        records = model._base_manager.using(using).order_by("pk")
        for record in records.values("pk", *names):
            for name in names:
                if isinstance(secret := record[name], SealedSecret):
                    yield model, record["pk"], name, secret.stored


def _said(
    model: type[models.Model], key: int, name: str, using: str = "default"
) -> str:
    record = model._base_manager.using(using).get(pk=key)
    label = getattr(model, name).field.verbose_name
    return f"{label} of the {model._meta.verbose_name} “{record}”"
