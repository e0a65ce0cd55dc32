"""Changes to programs: proposed by a model, tested shut away, applied only when a person says so."""
