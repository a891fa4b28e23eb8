"""What the operator decided: the policy file, the settings of the node, whom to trust."""
