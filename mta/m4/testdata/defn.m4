define(`mylen',defn(`len'))mylen(abc) mylen mylen() mylen(a,b) len
define(`mixed',defn(`len')a)mixed(abcd) define(`mixed2',a`'defn(`len'))mixed2(abcd)
define(`two',defn(`len',`substr'))two(abc) define(`three',defn(`nosuch',`len'))three(ab)
define(`text',`a,`b' c')defn(`text') define(`copy',defn(`text'))defn(`copy') len(defn(`text'))
len(defn(`len')) ifelse(defn(`len'),`',empty,not) defn(`len')x index(defn(`len'),l)
define(`old',defn(`define'))define(`define',`saved <$*>')define(a,b) old(`c',`d')c
pushdef(`len',`my length of $1')len(abc) popdef(`len')len(abc)
define(`both',defn(`text',`copy'))both
defn() defn defn(`nosuch') undefine(`len')len(a) mylen(a) builtin(`len',`abc')
indir(defn(`mylen'),x) old(defn(`mylen'),x) old(`alias',defn(`old'))alias(`z',9)z
