"""The door: files -> schema. Every problem is collected, then all are reported at once."""
