m4wrap(`a')m4wrap(`b ')m4wrap(`m4wrap(`c
')d ')m4wrap(`two',`args',3) m4wrap m4wrap()
m4wrap(`__file__:__line__
__line__ include(`inc/two_lines')')

define(`joined',`JOINED')m4wrap(`ned ')m4wrap(`joi')
m4wrap(`divert(1)one divert(0)undefine(`joined')
')
