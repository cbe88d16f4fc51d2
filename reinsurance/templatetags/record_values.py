"""Filters ``money`` and ``share``: amounts and shares as our pages write them."""

from django import template

from reinsurance.admin.values import money, share

register = template.Library()
register.filter("money", money)
register.filter("share", share)
