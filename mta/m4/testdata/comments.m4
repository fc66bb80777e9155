# comment `foo define(`a',b) len(abc)
changecom(%)% foo len(abc)
# len(abc)
changecom
# len(abc) % len(ab)
changecom(`/*',`*/')/* len(abc)
over lines */ len(abc)
changecom(`')# len(a)
changecom(`#')# len(a)
changecom(`#',`!')# len(a)! len(a)
changecom(`len', `x')len(abc)x len(a)
changecom(`#')define(`c',`# in a macro $1
after')c(1) c(`2
')
len(# a comment, with comma)
)
changecom(`(',`)')len(abc) (len(abc))
changecom(`"',`"')define(`d',"quoted")d "d"
