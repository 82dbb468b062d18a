"""The benchmark suite behind ``make bench``."""
