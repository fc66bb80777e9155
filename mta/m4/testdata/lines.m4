define(`foo',`__line__
$1')foo(
__line__) __line__
foo(foo(
__line__))dnl
__line__ include(`nofile')
m4wrap(`__file__:__line__
x __line__ include(none)')
include(`inc/two_lines')__file__ __line__
include(`inc/nested') __line__ ) undefined __line__
len(`a
b')__line__ len(
x)__line__ eval(1
/
0) decr(
,) dnl
define(`w',`decr(x)')w`'w

w
`quoted
' w # comment
__line__ w(dnl
) errprint(__line__:__file__
)include(`inc/dnl') not seen
__line__ incr(`') sinclude(`nosuch')
