"""A package outside the bridge: its adapter is named in full, ``adapter = "tests.adapters.example.county_form"``."""
