"""The pure core: facts and policy go in, decisions and plans come out.

No I/O lives here: no clock, network, files or logging. Every function that needs the present takes
`as_of`. Values are immutable; what cannot be known is a value of its own (`UNKNOWN`), never a guess.
"""
