define(`foo',`bar(')define(`bar',`[$1]')foo`x)' x) foo
len(abc)
