define(`count',`$#')count count() count(a) count(a,b) count(,) count((a,b),c) count(`a,b') count( a, b )
define(`all',`$*|$@|`$0'|$1|$2|$10|$#|$|$a|${1}|$$1|$')all(1,2,3,4,5,6,7,8,9,ten,eleven) all all()
define(`ten',`$10$11$1$012')ten(a,b,c,d,e,f,g,h,i,J,K,L)
define(`space',`[$1][$2]')space(  a  ,	b
)space(
c,

d )
define(`nest',`<$1>')nest(nest(nest(nest(x))))
nest(`nest(`nest(x)')')
define(`echo',`$@')define(`reverse',`ifelse($#,0,,$#,1,``$1'',`reverse(shift($@)), `$1'')')reverse(a,`b,c',d,,e)
define(`args',`($*)')args(((,)),(()))args(a`b'c"d",`e')args(,,,)
define(`$1',`dollar')indir(`$1',x) ifdef(`$1',yes,no)
define(`tail',`$2$1$2')tail(`a'b`c',`d')
shift shift() shift(a) shift(a,b,`c,d')
nest(dnl comment in the arguments
x) nest(# another )
y)
