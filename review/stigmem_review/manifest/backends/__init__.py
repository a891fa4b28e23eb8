"""What each build backend would install from a source tree; one module a backend."""
