text
m4wrap(`len(abc')
