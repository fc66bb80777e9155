a
len(dnl x