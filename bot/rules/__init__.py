"""THE LAW: what the rules of the operational table allow, as pure functions.

Standard library only: no I/O, no clock, no randomness, no prose. State, act and time come in as
values; a new value or a `Refused` comes out. Every public function cites the rule it enforces.
"""
