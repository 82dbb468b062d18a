"""The life of a case: what each command does to a case file, as pure functions.

register.py   a ticket becomes a case
stages.py     the one mechanism: which duties open when   leads.py   who leads, and what a change of it moves
receipts.py   what units send       opinions.py   opinions and consolidation
upstream.py   what upstreams send   actions.py    what operators do   routing_by_hand.py  whom they let handle a case
legal_receipts.py, legal_actions.py  what is owed, allowed and offered now
matters.py    one matter in several tickets: two cases merge, and part again
parts.py      one ticket with several matters: a case is split; matters that are in other proceedings
ticks.py      what our own clocks do, and what a delivered reply does
limits.py     what limits a clock   clocks.py    starting and closing clocks
moves.py      another end for one   pauses.py    a case stands still and goes on
views.py      what a unit or an upstream is shown
"""
