"""How fast the parts are, measured against the bare floor in the same run."""
