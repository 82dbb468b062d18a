"""The only SQL of the bridge: tables, engines, the writer, converters, and one module per kind of query.

tables.py    SQLModel tables          codec.py     values <-> rows, sealing
engine.py    engines and their checks writer.py    units of work, group commit
store.py     what the pipeline holds  cases.py     case files
outbox.py    claim, settle, rescue    pulling.py   messages a counterpart fetches
history.py   the hash chain           inbound.py   answered webhook-ids
leases.py    one leader per loop      tokens.py    operators' tokens
queries.py   listings and gauges      migrate.py   Alembic
"""
