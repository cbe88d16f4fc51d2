"""The single declaration of each record's columns, for import and export alike."""
