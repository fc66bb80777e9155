zero
divert(2)two
divert(1)one
divert(-1)lost define(`kept',1)
divert
kept
undivert(2)divert(3)three undivert(1)divert
undivert(7)undivert(`inc/raw')undivert(`nosuch')undivert(`3x')undivert(1,3)
divert(1)a`'divert(2)b`'divert(5)e`'divert(4)d`'divert(0)divnum
divert(4)undivert(2)undivert(4)divnum divert(-1)undivert(1)divert(0)
divert(`x')divert(1,2)divnum divert()divnum divert(-5)divnum divert
undivert(-1)undivert(0)undivert()undivert(` 5')
divert(9)nine
divert(8)eight undivert(`inc/raw',9)
divert(3)last is negative
divert(-1)
