"""Reports of all listings: asking for one, and reading its rows."""
