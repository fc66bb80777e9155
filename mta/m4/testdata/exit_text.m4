len(m4exit(x))
