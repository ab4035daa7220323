"""How the outside reaches the handlers: no logic here."""
