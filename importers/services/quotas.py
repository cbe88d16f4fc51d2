"""How much one user may hand in within an hour (ASVS 5.0, 5.2.4)."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.utils import timezone

from importers.exceptions import TooManyFiles
from importers.models import Ingestion

WHILE = timedelta(hours=1)


def require_quota(user: User | None) -> None:
    """Raise TooManyFiles where the user has handed in enough for now.

    What nobody hands in, the system's own work, is not counted.
    """
    if user is None:
        return
    recent = Ingestion.objects.filter(
        submitted_by=user, received_at__gt=timezone.now() - WHILE
    ).aggregate(files=Count("pk"), size=Sum("file_size"))
    files, megabytes = settings.UPLOADS_PER_HOUR, settings.UPLOAD_MB_PER_HOUR
    if files and recent["files"] >= files:
        raise TooManyFiles(
            f"You have handed in {recent['files']:,} files within the last hour; "
            f"{files:,} is the most. Go on later, or ask for a higher limit."
        )
    if megabytes and (recent["size"] or 0) >= megabytes << 20:
        raise TooManyFiles(
            f"You have handed in {recent['size'] >> 20:,} MB within the last hour; "
            f"{megabytes:,} MB is the most. Go on later, or ask for a higher limit."
        )
