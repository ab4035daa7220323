"""Dead letters: looking at them, sending them again, and remembering which are resolved."""
