from contextlib import ExitStack

import pytest


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_blocker):
    from django.conf import settings

    from tests.database import own_database

    if settings.IS_LOCAL:
        settings.EMBEDDED_SERVER.start()
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            stack.enter_context(own_database())
            from reinsurance.models import Currency
            from tests.database import load_basics

            if not Currency.objects.exists():
                load_basics()
        yield
        with django_db_blocker.unblock():
            stack.close()
