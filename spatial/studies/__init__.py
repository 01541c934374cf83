"""Studies: questions of accessibility answered without a plan, and two plans or networks held together."""
