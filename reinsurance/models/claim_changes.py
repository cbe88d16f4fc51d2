"""When a claim or its money was changed last: what those who follow changes ask for.

A month's file changes the money of many claims and nothing else of them.  The time of
that in the claims themselves would write each anew, with all its indexes; here it is a
narrow row beside them.  Two triggers write it with every change of a claim, whoever
makes it; who changes money alone says so (:func:`reinsurance.ledger.write.touch`).
"""

from django.db import migrations, models
from django.db.models.functions import Now

from reinsurance.models.claims import Claim


class ClaimChange(models.Model):
    """The last change of a claim, or of its positions."""

    cedant_paths = ("claim__treaty__cedant",)

    claim = models.OneToOneField(
        Claim, models.CASCADE, primary_key=True, related_name="change"
    )
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["changed_at", "claim"], name="claim_changed")]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.changed_at}"


def noting_changes() -> list[migrations.RunSQL]:
    """The operations that have every change of a claim noted.

    Also while triggers rest (``ENABLE ALWAYS``).  Dynamic SQL: one plan for a row, and
    another for a million.
    """
    return [
        _noting(
            "insert",
            "INSERT INTO reinsurance_claimchange (claim_id) SELECT id FROM changed",
        ),
        _noting(
            "update",
            "UPDATE reinsurance_claimchange k SET changed_at = now() FROM changed c "
            "WHERE k.claim_id = c.id AND k.changed_at < now()",
        ),
    ]


def _noting(event: str, statement: str) -> migrations.RunSQL:
    function = f"reinsurance_note_claim_{event}"
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {function}() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            EXECUTE '{statement}';
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_claim_{event} AFTER {event} ON reinsurance_claim
        REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION {function}();
        ALTER TABLE reinsurance_claim ENABLE ALWAYS TRIGGER note_claim_{event}
        """,
        f"DROP TRIGGER note_claim_{event} ON reinsurance_claim; "
        f"DROP FUNCTION {function}()",
    )
