"""Delivery: claim what is due, attempt each, settle each; a failing counterpart never delays another."""
