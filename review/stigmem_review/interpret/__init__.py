"""What the code of a release does, by running Python's rules on its syntax.

An abstract interpreter: it imports the module of the entry point and calls the factory as the
node does, on values that may be one of several, or unknown.
"""
