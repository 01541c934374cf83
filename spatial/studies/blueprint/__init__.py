"""One blueprint 一张蓝图: sector plans held against each other, and what is proposed where they differ."""
