"""From the bytes of a source file to its syntax tree and its bindings; nothing is executed."""
