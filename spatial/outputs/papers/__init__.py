"""Papers: the tables of a plan, the workbook and the report that are made of them."""
