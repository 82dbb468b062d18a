"""``bridge backup`` and ``bridge restore``: a whole county in one file, and back.

Owns: the file's form (:mod:`archive`), the two journeys. Must not: hold a key or a secret: who has the file alone can
read no citizen's data, and who has lost the key file cannot either.
"""
