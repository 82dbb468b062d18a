"""Pure rules of the trade: no I/O, no clock, no randomness, no logging."""
