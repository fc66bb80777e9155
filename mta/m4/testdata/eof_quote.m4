a
`abc
d `e' f
