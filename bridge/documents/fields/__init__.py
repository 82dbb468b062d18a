"""From a case to the fields of each kind, by the Chinese names templates use; pure."""
