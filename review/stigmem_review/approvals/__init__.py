"""What somebody accepted, for exactly these bytes: records, their file, and what they cover."""
