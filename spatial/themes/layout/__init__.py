"""Layout 总体格局: the structure of a plan, and the directions that a city grows in."""
