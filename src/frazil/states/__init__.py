"""Connection states: the W3C enums, how aggregates derive from them, and older rule sets."""
