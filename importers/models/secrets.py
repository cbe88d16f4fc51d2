"""Secrets at rest: encrypted with keys of the environment, never shown again."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

from importers.values import Secret


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """Encrypts with the first of FIELD_ENCRYPTION_KEYS, decrypts with any.

    Raises ImproperlyConfigured where there is no key.
    """
    if not settings.FIELD_ENCRYPTION_KEYS:
        message = "Secrets cannot be kept: set FIELD_ENCRYPTION_KEYS first."
        raise ImproperlyConfigured(message)
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


class UnreadableSecret(InvalidToken):
    """None of the keys fits; the stored text is left as it is."""

    def __str__(self) -> str:
        return (
            "A stored secret cannot be read with any of FIELD_ENCRYPTION_KEYS. Put "
            "back the key it was written with, or enter the secret anew."
        )


class SealedSecret(Secret):
    """A secret as it is stored: opened only when it is asked for.

    A wrong key therefore never keeps a record from being shown, and never makes
    ciphertext pass for the secret.
    """

    __slots__ = ("stored",)

    def __init__(self, stored: str) -> None:
        super().__init__(stored)
        self.stored = stored

    def reveal(self) -> str:
        """The text itself; raises UnreadableSecret where no key fits."""
        try:
            return cipher().decrypt(self.stored.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None


class SecretField(models.TextField):
    """Text that is encrypted in the database and a :class:`Secret` in Python."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Secret  # type: ignore[assignment]
        _pyi_private_get_type: Secret  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("default", Secret)
        super().__init__(*args, **options)

    def from_db_value(self, value: str | None, *_: Any) -> Secret:
        """What is stored, still sealed."""
        return SealedSecret(value) if value else Secret()

    def to_python(self, value: Any) -> Secret:
        """A secret of a form's text."""
        return value if isinstance(value, Secret) else Secret(str(value or ""))

    def get_prep_value(self, value: Any) -> str:
        """Ciphertext for the database; what was not opened goes back as it was."""
        if isinstance(value, SealedSecret):
            return value.stored
        text = value.reveal() if isinstance(value, Secret) else str(value or "")
        return cipher().encrypt(text.encode()).decode() if text else ""

    def value_to_string(self, obj: models.Model) -> str:
        """A dump holds no secret, not even a sealed one."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Secrets are not searched for; only whether there is one may be asked."""
        if lookup_name in {"exact", "isnull", "in"}:
            return super().get_lookup(lookup_name)
        message = "Secrets cannot be searched for."
        raise FieldError(message)
