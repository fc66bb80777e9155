regexp(`GNUs not Unix', `\<[a-z]\w+') regexp(`GNUs not Unix', `\<Q\w*') regexp(`GNUs not Unix', `\w\(\w+\)$', `*** \& *** \1 ***')
regexp(abc,b,`\2') regexp(abc,b,`x\0y\') regexp(abc,`\(b') regexp(abc,`[b') regexp(abc,`b\') regexp(abc,`') regexp(abc,`b\)')
regexp(abc,d) regexp(abc,d,x) regexp(abc) regexp regexp() regexp(abc,b,x,y) regexp(abc,`',x) regexp(abc,`c$',`\&') regexp(abc,`^b')
regexp(aXbXc,`X',`\\\&') regexp(`a.b',`\.') regexp(`a*b',`*') regexp(`a+b',`\(+\)',`\1') regexp(`a^b$c',`a^b$c') regexp(`ab',`a\|b',`<\&>')
regexp(abcd,`\(a\)\(b\)\(c\)',`\3\2\1') regexp(abab,`\(ab\)*',`\1') regexp(abcd,`a\|ab\|abc',`\&') regexp(`x{2}',`x{2}',`\&') regexp(`[a]',`[[]',`\&')
regexp(`]a',`[]]',`\&') regexp(`a-b',`[a-]+',`\&') regexp(`b]',`[^]a]+',`\&') regexp(`a b',`\s',`\&') regexp(`a_b c',`\W',`|\&|')
regexp(`ab cd',`\bc') regexp(`abc',`\Bb') regexp(`abc',`\`a') regexp(`abc',`c\'') regexp(`a
b',`a.b') regexp(`a
b',`^b') regexp(`a
b',`a$') regexp(aaa,`a**',`\&') regexp(aaa,`a+?',`\&') regexp(`',`x*',`[\&]') regexp(ab,`\(x\)*b',`[\1]') regexp(abc,`[z-a]b')
regexp(`ABC',`[[:upper:]]') regexp(`p:',`[[:upper:]]+')
