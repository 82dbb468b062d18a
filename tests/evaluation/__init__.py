"""Measures the rules on labelled sets: ``python -m tests.evaluation DIR``."""
