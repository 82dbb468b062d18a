"""The county's own 台账 as a file: which columns there are, how a row is read, and a template to fill in."""
