"""The wire format of the contract: pydantic models, and their converters into the core's values.

Owns: what a body may look like, every limit on it, the Chinese sentence for every mistake. Must not: verify
signatures, touch a store, decide anything about a case.
"""
