"""Which records may be the same: what a record says, how much two have in common, and where to look for twins."""
