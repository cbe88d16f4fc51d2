"""What the cluster clears away every night: old entries, tokens, sessions, sign-ins."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import clear_expired

from backoffice.audit.entries import PRUNING, AuditEntry
from backoffice.models import Invitation


def clear_away() -> None:
    """Forget what is past its time."""
    prune(settings.AUDIT_KEEP_DAYS)
    clear_expired()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    now = timezone.now()
    oldest_sign_in = now - timedelta(days=settings.AUDIT_KEEP_DAYS)
    AccessLog.objects.filter(attempt_time__lt=oldest_sign_in).delete()
    over = now - max(settings.AXES_COOLOFF_TIME, timedelta(days=1))
    AccessAttempt.objects.filter(attempt_time__lt=over).delete()
    unanswered = now - timedelta(days=settings.INVITATION_DAYS)
    Invitation.objects.filter(invited_at__lt=unanswered).delete()


@transaction.atomic
def prune(days: int) -> int:
    """Take away entries older than so many days; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {PRUNING} = 'on'")
        oldest = timezone.now() - timedelta(days=days)
        count: int = AuditEntry.objects.filter(at__lt=oldest)._raw_delete("default")
        cursor.execute(f"SET LOCAL {PRUNING} = 'off'")
    return count
