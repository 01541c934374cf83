"""Parts of a plan: what each may say, as records that the plan's own record is made of."""
