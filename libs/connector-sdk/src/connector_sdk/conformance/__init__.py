"""What every connector must do, whatever its marketplace: behaviours that run against the connector and its sandbox."""
