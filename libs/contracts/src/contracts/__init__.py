"""The events, topics and schemas that Mizan's services share."""
