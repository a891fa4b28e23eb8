"""What receipts can be held against, one module for each."""
