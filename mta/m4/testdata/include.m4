define(`foobar',`JOINED')include(`inc/word_start')bar
include(`inc/open_quote')
c' y
include(`inc/open_call')
d) y __line__
include(`inc/definitions')from_file sinclude(`inc/definitions')from_file
include(`nosuch') include() include sinclude() sinclude sinclude(`nosuch') include(`inc/word_start',x)
include(`inc/empty')|undivert(`inc/empty')|undivert(`inc/two_lines')|
len(include(`inc/two_lines')) [include(`inc/raw')]
define(`i',`include(`inc/$1')')i(`raw')i(`two_lines')i(`none')
include(`inc')
