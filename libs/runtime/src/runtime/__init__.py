"""How any Mizan service runs: consumer, inbox, outbox, relay, dead letters, settings, health."""
