"""The parts of the manual that are made from the code when the site is built: nothing there can go stale.

Owns: the reference of commands and of configuration keys, the site's table of contents. Must not: be needed to run.
"""
