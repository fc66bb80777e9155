text
m4wrap(`changequote([,])')m4wrap(`[open')
