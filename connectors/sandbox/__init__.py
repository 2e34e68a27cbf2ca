"""Local stand-ins of the vendors: good enough for demos, training and fault tests without internet.

Shares no code with the connectors, so that the two check each other.
"""
