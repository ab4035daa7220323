"""A stand-in for Noon's partner API, in the dialect `partner_v1`."""
