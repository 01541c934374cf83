"""Services 公共服务: who reaches them, how unequal that is, and where another site would help."""
