"""What a change of a repository would deploy, one module for each way to deploy it."""
