"""The plugin's own tests: everything here runs in reverse mode."""
