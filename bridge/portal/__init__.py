"""What clients see: calm pages about their own records, and nobody else's."""
