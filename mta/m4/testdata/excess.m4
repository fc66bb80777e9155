changecom(x,y,z)changecom(`#')changequote(`a',`b',`c')changequote`'divnum(x)dnl(x) gone
sysval sysval(x) len(a,b) defn(`len',) undefine popdef pushdef(`a',1,2)a traceon(`nosuch')traceoff(`nosuch') shift(a,b,c)
maketemp mkstemp syscmd esyscmd m4exit(0,1)
