divert(1)never seen
divert
b define(a,
  `x
