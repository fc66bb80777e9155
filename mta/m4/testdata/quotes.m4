`plain' ``nested' once' `a `b `c' d' e'
changequote([,])[x [y] z] `not' define([f], [<$1>])f([a,b]) f(`a,b')
changequote`back'
changequote(<<,>>)<<long <<nested>> one>> <single> define(<<g>>, <<<$@>>>)g(a,<<b,c>>)
changequote
changequote(`x')xnow x is it'
changequote(,)`no quotes' at all, define(h, 1)h
changequote
changequote(`"', `"')"same "on" both" sides
changequote
len(`it''s') `#' `,' `)'
define(`q',``$1'')q(`dnl') q(q(`len(x)'))
changequote(`[', `') [one] `two'
changequote
define(`show',`$@')changequote(<,>)show(1,<2>) changequote(`,')show(1,2)
