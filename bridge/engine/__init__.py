"""What decides: matching, mapping, planning, braking, reconciling. Pure functions over canonical values."""
