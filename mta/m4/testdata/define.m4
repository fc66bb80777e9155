define(`foo')foo`'define(`foo',`bar')foo define(`foo',`baz',`extra')foo
define(foo,2)baz
undefine(`foo')foo undefine(`foo',`nosuch',`baz')baz
pushdef(`p',1)pushdef(`p',2)p`'define(`p',3)p`'popdef(`p')p`'popdef(`p')p`'popdef(`p')
define(`f',`f1')f(undefine(`f'))f define(`g',`g1')g(define(`g',`g2'))g
define(`rec',`$1 rec2($1)')define(`rec2',`<$1>')rec(x)
define(`self',``self'')self
define(`a b',`spaced')indir(`a b') a b
define(`',`empty name')indir(`') ifdef(`',yes,no)
define(define) define define(`define',`redefined $1')define(x)builtin(`define',`y',`z')y
popdef(`define')undefine(`undefine')undefine(`y')
