substr(abcdef,2,2) substr(abc,5) substr(abc,-1) substr(abc,1,-1) substr(abc,) substr(abc,1,) substr(abcdef,1,99999999999)
substr(abc,1x) substr(abc,3) substr(abc,0) substr(`a,b',1) substr(`',0) substr(abc) substr(abcdef,2,0) substr(abc,1,1,1)
index(abc,) index(abcabc,ca) index(`a',`') index(`',`') index(`',a) index(abc) index(abc,c,d) index(aaab,aab) index(abc,abcd)
translit(`abcdef',a-c,A-Z) translit(abc,c-a,xyz) translit(`a-b',-) translit(abc,ab) translit(abcabc,aab,123)
translit(abc,`a-c-e',`1-9') translit(`-a-',-,+) translit(`a-z',`a-',`12') translit(abcde,`a-',`xy') translit(abc) translit(abc,)
translit(abc,abc,) translit(abc,`',x) translit(`HELLO',`A-Z',`a-z') translit(`hello',`a-z',`n-za-m') translit(abc,a-c,`z-x')
translit(`a-b-c',`--',`+') translit(abcdefg,`a-c-e-g',`1-9') translit(`x[y]z',`[]',`()') translit(abc,a,b,c)
len(`a,b') len() len(abc,d) len(`a
b') len(len(abcdefghij))
