define(`PUSHDIVERT', `pushdef(`__D__', divnum)divert($1)')dnl
define(`POPDIVERT', `divert(__D__)popdef(`__D__')')dnl
A PUSHDIVERT(5)five PUSHDIVERT(3)three POPDIVERT`'five again POPDIVERT`'B
len(divert(1)in argument`'divert(0)x)
define(`late',`undivert(5)')late
m4wrap(`wrapped undivert(3)divert(7)seven')
divert(6)six
