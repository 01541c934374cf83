"""Economy: functional zones and their assessment, industry, jobs and homes."""
