patsubst(abc,,-) patsubst(`abc',`x*',-) patsubst(`GNUs not Unix', `^', `OBS: ') patsubst(`GNUs not Unix', `\<\w', `(\&)')
patsubst(`GNUs not Unix', `\w*', `(\&)') patsubst(`GNUs not Unix', `\w+', `(\&)') patsubst(`GNUs not Unix', `[A-Z][a-z]+')
patsubst(`a
b
c',`^',`> ') patsubst(`a
b',`$',`;') patsubst(`a.b',`\.') patsubst(aaa,`a\{2\}',x) patsubst(abab,`\(a\|b\)',`<\1>') patsubst(`*a',`*a',y) patsubst(`a+b',`a+b',y)
patsubst(`[[:alpha:]]a:]',`[[:alpha:]]',X) patsubst(abc) patsubst(abc,b) patsubst(abc,b,x,y) patsubst(abc,`[') patsubst(abc,`\(b\)',`\1\1\2')
patsubst(`a,b,c',`,',` ') patsubst(` trim me ',`^ *\(.*[^ ]\) *$',`<\1>') patsubst(aaa,a,`\&\&') patsubst(`',`',x) patsubst(abc,`$',`!') patsubst(abc,`b*',`-')
patsubst(`foo bar',`\w+\>',`W') patsubst(`x y z',` ') patsubst(abcabc,`\(b\)\(c\)',`\2\1') patsubst(hello,l,L) patsubst(`a\b',`\\',`/') patsubst(`a/b',`/',`\\')
