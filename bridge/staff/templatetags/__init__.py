"""Template tags of the staff and portal pages."""
