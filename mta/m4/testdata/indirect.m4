indir(`len',abc) indir(`nosuch',a) define(`a b',`[$0|$1|$#]')indir(`a b',x) builtin(`len',abc) builtin(`nosuch') indir(defn(`len'),x) builtin(defn(`len'))
indir(`define',`x',defn(`len'))x(abc) indir(`indir',`indir',`len',`abcd') builtin(`builtin',`indir',`a b',1,2) indir builtin indir() builtin()
indir(`a b') builtin(`len') builtin(`ifelse',a,a,yes) indir(`ifelse',a,b,yes,no) undefine(`len')builtin(`len',xyz) indir(`len',x) builtin(`substr',abc)
indir(`dnl')this goes away
indir(`incr',1,2) builtin(`incr',x) indir(`shift',a,b) builtin(`changequote',[,])indir([a b],[q,r])
