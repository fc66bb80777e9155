traceon(`foo')define(`foo',`bar $1')foo(a,`b') foo
debugmode(`t')len(abc)
debugmode(`aeqflcx')foo(len(a))
foo traceoff foo debugmode(`zz')
debugmode(`')traceon(`foo')foo(`x,y',foo) traceoff(`foo')foo debugmode
dumpdef(`define',`nosuch',`foo')dumpdef(`foo',`__unix__')
traceon(`define',`defn',`pushdef')debugmode(`aeq')define(`g',defn(`len'))define(`h',`a
b')pushdef(`g',2)define(`e')
traceoff debugmode(`+l')g debugmode(`-l')debugmode(`ea')traceon(`shift')shift(a,b,`c d')
errprint errprint() errprint(a) errprint(`b',c
,d)
errprint(`
')debugfile(`')traceon(`g')g debugfile`'g
__program__ __file__ __line__ __file__(x) __line__(x) __gnu__|__unix__|__gnu__(x)
