"""The report as a document: what every format shows, decided once, in the order it is read."""
