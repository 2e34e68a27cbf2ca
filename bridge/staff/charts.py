"""Charts, as all pages draw them."""

from bridge.hub.charts import Bar, Chart, Segment

__all__ = ["Bar", "Chart", "Segment"]
