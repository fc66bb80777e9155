decr(`12x') decr(` 12') decr(`12 ') decr(99999999999) decr(999999999999999999999) decr(-) decr(`') decr()
incr(2147483647) decr(-2147483648) incr(+5) incr(0x5) incr(-0) incr(`-1') incr(08) incr(- 1)
incr decr eval len index substr
