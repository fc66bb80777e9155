m4exit(4,5)
