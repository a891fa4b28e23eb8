"""From what was asked to a report: one upgrade, releases by themselves, all bumps of a change."""
