"""Stamps: what tells every process that a topic has changed since it last looked.

A trigger on each table of a topic adds a stamp in the transaction of the change and
takes old ones away.  Nobody waits for anybody: rows are only added, and old ones that
another transaction is taking away are left to it.  The stamps of a topic that a reader
sees are never the same again once a change was committed, whatever the order of the
commits, since each adds one whose number and time no other has.
"""

from django.db import migrations, models
from django.db.models.functions import Now


class Stamp(models.Model):
    """A topic was changed by the transaction that made this stamp."""

    cedant_paths = ()

    topic = models.CharField(max_length=20)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["topic", "id"], name="stamp_of_topic")]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


def stamping_function() -> migrations.RunSQL:
    """The operation that makes the function which all the triggers call.

    It keeps sixteen stamps of a topic; one would do, more keep writers out of each
    other's way.  Its own new one is never taken away, even where others were faster:
    without it the change would leave no trace.  A transaction that reads one snapshot
    all along takes none away: it would fail over a stamp that is gone already.
    """
    return migrations.RunSQL(
        """
        CREATE FUNCTION reinsurance_stamp_topic() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE own bigint;
        BEGIN
            INSERT INTO reinsurance_stamp (topic) VALUES (TG_ARGV[0])
            RETURNING id INTO own;
            IF current_setting('transaction_isolation') = 'read committed' THEN
                DELETE FROM reinsurance_stamp WHERE id IN (
                    SELECT id FROM reinsurance_stamp
                    WHERE topic = TG_ARGV[0] AND id <> own AND id < (
                        SELECT min(id) FROM (
                            SELECT id FROM reinsurance_stamp
                            WHERE topic = TG_ARGV[0]
                            ORDER BY id DESC LIMIT 16
                        ) AS newest
                    )
                    FOR UPDATE SKIP LOCKED
                );
            END IF;
            RETURN NULL;
        END $$
        """,
        "DROP FUNCTION reinsurance_stamp_topic()",
    )


def first_stamp(topic: str) -> migrations.RunSQL:
    """The operation that stamps a topic for the first time: from now on it is known."""
    return migrations.RunSQL(
        [("INSERT INTO reinsurance_stamp (topic) VALUES (%s)", [topic])],
        [("DELETE FROM reinsurance_stamp WHERE topic = %s", [topic])],
    )


def stamping(table: str, topic: str, of: tuple[str, ...] = ()) -> migrations.RunSQL:
    """The operation that has every change of the table stamp the topic.

    ``of``: the columns whose update counts, where not every column's does.  A later
    migration that changes the type of one of them has to take the trigger away first.
    """
    columns = f" OF {', '.join(of)}" if of else ""
    return migrations.RunSQL(
        f"CREATE TRIGGER stamp_{topic} "
        f"AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE{columns} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION reinsurance_stamp_topic('{topic}')",
        f"DROP TRIGGER stamp_{topic} ON {table}",
    )
