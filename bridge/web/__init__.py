"""The HTTP interface of the contract: bytes in, problem details out.

Owns: limits, authentication of requests, the wording of refusals, OpenAPI. Must not: decide about a case or hold SQL;
every use case is one call of the service.
"""
