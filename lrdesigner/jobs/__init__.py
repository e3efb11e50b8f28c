"""Child processes as jobs: what is asked, what is answered, how they are started and how they end."""
