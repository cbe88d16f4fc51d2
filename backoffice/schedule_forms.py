"""The forms of schedules: a feed and its times, or the times of the housekeeping."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django_q.models import Schedule

from importers.models import Feed
from importers.services import schedules


class TimesForm(forms.ModelForm):
    """When something runs."""

    minutes = forms.IntegerField(
        label="Every … minutes",
        required=False,
        min_value=1,
        help_text="60: each hour.",
        widget=forms.NumberInput({"class": "vIntegerField"}),
    )
    cron = forms.CharField(
        label="Or by a cron line",
        required=False,
        max_length=100,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text="Minute, hour, day, month, day of the week (UTC): "
        "<code>0 6 * * 1-5</code> is 06:00 on working days.",
    )
    next_run = forms.SplitDateTimeField(
        label="Next run",
        required=False,
        show_hidden_initial=True,
        widget=AdminSplitDateTime,
        help_text="Empty: the first of these times. A time that has passed: at once.",
    )

    class Meta:
        model = Schedule
        fields: tuple[str, ...] = ("minutes", "cron", "next_run")

    def clean(self) -> dict[str, Any]:
        """Times that make sense."""
        data = super().clean() or {}
        data["cron"] = data.get("cron") or ""
        if not {"minutes", "cron"} & set(self.errors):
            try:
                schedules.check_times(data["cron"], data.get("minutes"))
            except schedules.BadSchedule as problem:
                self.add_error("cron" if data["cron"] else "minutes", problem.message)
        return data


class ScheduleForm(TimesForm):
    """What runs, for which feed, and when."""

    func = forms.ChoiceField(label="Task", choices=list(schedules.TASKS.items()))
    feed = forms.ModelChoiceField(Feed.objects.order_by("name"))

    class Meta(TimesForm.Meta):
        fields = ("func", "minutes", "cron", "next_run")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["feed"].initial = feed_of(self.instance)

    def clean(self) -> dict[str, Any]:
        """One schedule a feed."""
        data = super().clean()
        feed, task = data.get("feed"), data.get("func")
        if feed is not None and task:
            others = Schedule.objects.filter(func=task, args=str(feed.pk))
            if others.exclude(pk=self.instance.pk).exists():
                self.add_error(
                    "feed", "This feed has a schedule already. Change that one instead."
                )
        return data


def feed_of(schedule: Schedule) -> int | None:
    """The key of the schedule's feed; None where it is for none."""
    args = str(schedule.args or "")
    return int(args) if schedule.func in schedules.TASKS and args.isdecimal() else None


def keeps_house(schedule: Schedule | None) -> bool:
    """Whether it is a schedule of the housekeeping."""
    return schedule is not None and schedule.func in schedules.housekeeping()
