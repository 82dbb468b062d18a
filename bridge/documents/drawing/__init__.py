"""How the shipped templates are drawn: ``python -m bridge.documents.drawing`` writes them into ``templates/``."""
