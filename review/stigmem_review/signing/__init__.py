"""Who signed: the only room that imports ``sigstore``, and only where there is a signature."""
