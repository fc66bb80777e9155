define(`x', len(abc
), two
three
four) changecom substr(a,
b,
c
include(`inc/two_lines')
