x
len(a
len(b
