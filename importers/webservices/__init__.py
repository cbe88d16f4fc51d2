"""A feed and a cursor in, a file of records out: how data is fetched from partners.

Knows no models and no ingestions: what is to be fetched comes as plain values
(:mod:`importers.webservices.values`), what went wrong leaves as a
:class:`~importers.webservices.problems.ServiceProblem`.
"""
