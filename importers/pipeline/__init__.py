"""The stages of an ingestion, one verb a module, in this order:

receive, read, match, clean, check, stage, load, record.
"""
