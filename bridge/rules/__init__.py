"""``routing_rules.yaml`` as a program: read, check, compile, classify, route, test, back-test, reload.

Owns: the operators' document and everything derived from it. Must not: touch a store, send anything,
read a clock; an instant is always an argument.
"""
