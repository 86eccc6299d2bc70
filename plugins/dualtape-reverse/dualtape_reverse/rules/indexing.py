"""VJP rules of indexing; that of reading entries is the engine's own, which adds into the operand's buffer."""
