define(`forloop', `pushdef(`$1', `$2')_forloop(`$1', `$2', `$3', `$4')popdef(`$1')')define(`_forloop', `$4`'ifelse($1, `$3', ,`define(`$1', incr($1))_forloop(`$1', `$2', `$3', `$4')')')dnl
forloop(`i', 1, 10, `i ')
forloop(`i', 1, 4, `forloop(`j', 1, i, `*')
')define(`foreach', `pushdef(`$1')_foreach($@)popdef(`$1')')define(`_arg1', `$1')define(`_foreach', `ifelse(`$2', `()', `',`define(`$1', _arg1$2)$3`'$0(`$1', (shift$2), `$3')')')dnl
foreach(`x', (foo, bar, foobar), `Word was: x
')define(`fact',`ifelse($1,0,1,`eval($1*fact(decr($1)))')')fact(10)
define(`fib',`ifelse(eval($1<2),1,$1,`eval(fib(decr($1))+fib(eval($1-2)))')')fib(12)
define(`cleardivert', `pushdef(`_n', divnum)divert(-1)undivert($@)divert(_n)popdef(`_n')')divert(2)gone
divert`'cleardivert(2)undivert`'done
define(`upcase',`translit(`$*',`a-z',`A-Z')')upcase(hello, `World')
define(`capitalize1',`regexp(`$1',`^\(\w\)\(\w*\)',`upcase(`\1')`'\2')')capitalize1(word)
define(`nary', `ifelse(`$#', `1', ``$1'', `$1 + nary(shift($@))')')nary(1,2,3)
