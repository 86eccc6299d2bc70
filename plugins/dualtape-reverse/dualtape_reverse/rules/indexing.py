"""VJP rules of indexing: all of them are the engine's own, which adds into the operand's buffer where it was read."""
