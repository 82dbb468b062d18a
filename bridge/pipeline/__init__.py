"""Use cases: one function is one transaction.

runtime.py    what every use case is given      commit.py    load, decide, save, queue
intake.py     tickets and events of upstreams   receipts.py  what units send
operate.py    what operators do                 deadlines.py the sweep
settle.py     the end of a delivery attempt     observe.py   events to metrics
read.py       what operators read               service.py   the asynchronous front of it all
"""
