"""The sealed dossier of a case: a ZIP that proves itself without the database it came from (ADR 0010)."""
