"""How long what is of use for a time only is kept (docs/retention.md); days.

For ever stay: the originals and the lineage of what was loaded, and every event.
"""

from backoffice.settings.environment import env

# The rows in detail of a file that is done with: staged rows, issues, rejected rows.
KEEP_ROWS_DAYS = env.int("KEEP_ROWS_DAYS", default=90)
# The pieces of a sync, and the answer that was to blame.
KEEP_SYNC_DAYS = env.int("KEEP_SYNC_DAYS", default=30)
# Results of tasks on the queue's pages.
KEEP_TASKS_DAYS = env.int("KEEP_TASKS_DAYS", default=90)
# The originals of files that were never loaded; 0: for ever.
KEEP_UNLOADED_DAYS = env.int("KEEP_UNLOADED_DAYS", default=0)
