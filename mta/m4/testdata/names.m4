define(`a',`b')define(`b',`c($1)')define(`c',`[$1]')a(x)a (y) ( a, `b' ) "a"
define(`x1',`X')x1 x1x 1x1 _x1 x1_ x1.x1-x1 `x1'x1 x1`x1'
define(`_',`under')_ __ _a a_ _()
define(`fo',`f')define(`foo',`FOO')fo`'oo fo`o' define(`cat',`$1$2')cat(f,oo) cat(`f',`oo') cat(fo,`o')o
define(`ab',`AB')define(`pre',`a')pre`'b pre()b
