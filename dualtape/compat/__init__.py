"""Names of other libraries, for code that was written with them."""
