"""Who may open which address: one table for the API and the pages of the admin."""
