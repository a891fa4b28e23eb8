"""What is on a node, wherever that is said."""
