"""Where tasks wait is chosen by QUEUE_URL; what would lose tasks is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backoffice.settings import queue
from backoffice.settings.environment import BASE_DIR
from backoffice.settings.queue import retry_after, sqs_of


def test_the_database_is_the_default() -> None:
    assert sqs_of("orm") == {}
    assert queue.Q_CLUSTER["broker_class"] == "backoffice.orm_broker.OrmBroker"


def test_sqs_by_region_and_name() -> None:
    assert sqs_of("sqs://eu-west-1") == {
        "region": "eu-west-1",
        "name": "reinsurance",
        "endpoint": None,
        "wait_seconds": 2,
    }
    found = sqs_of("sqs://local/atlas?endpoint=http://127.0.0.1:5000")
    assert (found["name"], found["endpoint"]) == ("atlas", "http://127.0.0.1:5000")


@pytest.mark.parametrize("url", ["redis://localhost:6379/0", "rediss://cache/1"])
def test_redis_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="what a killed worker had is lost"):
        sqs_of(url)


@pytest.mark.parametrize("url", ["", "sqs", "sqs://", "amqp://host"])
def test_any_other_kind_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="it is orm"):
        sqs_of(url)


@pytest.mark.parametrize(
    ("timeout", "workers", "seconds"),
    [(1800, 2, 3660), (1800, 1, 5460), (1800, 4, 3660), (7200, 1, 21_660)],
)
def test_a_task_is_given_to_another_worker_after_all_it_may_wait_for(
    timeout: int, workers: int, seconds: int
) -> None:
    """The pusher holds two tasks more than the workers, each may take its time."""
    assert retry_after(timeout, workers) == seconds


def test_both_clusters_follow_the_formula() -> None:
    heavy = queue.Q_CLUSTER["ALT_CLUSTERS"][queue.HEAVY_QUEUE]
    for cluster in (queue.Q_CLUSTER, heavy):
        expected = retry_after(cluster["timeout"], cluster["workers"])
        assert cluster["retry"] == expected


@pytest.mark.parametrize(
    ("name", "workers", "retry"),
    [("reinsurance", 3, 3660), ("reinsurance-heavy", 2, 14_460)],
)
def test_django_q_takes_the_settings_of_the_queue(
    name: str, workers: int, retry: int, process_free_environment: dict[str, str]
) -> None:
    program = (
        "import django; django.setup();"
        "from django_q.conf import Conf;"
        "print(Conf.PREFIX, Conf.CLUSTER_NAME, Conf.WORKERS, Conf.RETRY)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **process_free_environment,
            "Q_CLUSTER_NAME": name,
            "Q_WORKERS": "3",
            "Q_HEAVY_WORKERS": "2",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["reinsurance", name, str(workers), str(retry)]


def test_a_time_out_that_sqs_does_not_have_is_refused(
    process_free_environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={
            **process_free_environment,
            "QUEUE_URL": "sqs://eu-west-1",
            "Q_HEAVY_TIMEOUT": "18000",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "these time-outs need 54,060" in done.stderr


@pytest.fixture
def process_free_environment(tmp_path: Path) -> dict[str, str]:
    """Of a process that needs no database."""
    return {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "PYTHONPATH": str(BASE_DIR),
        "VAR_DIR": str(tmp_path),
    }
