ifdef(`nosuch',`yes',`no') ifdef(`len',`yes') ifdef(`nosuch',`yes') ifdef(`len') ifdef ifdef(`len',a,b,c)
ifelse(a,a,yes,no) ifelse(a,b,yes,no) ifelse(a,b,yes) ifelse(a) ifelse(a,b) ifelse(a,b,c,d,e) ifelse()
ifelse(a,b,1,c,c,2,3) ifelse(a,b,1,c,d,2,3) ifelse(a,b,1,c,d,2) ifelse(a,b,1,c,d,2,e,f) ifelse(a,b,1,c,d,2,e,e,3,4)
ifelse(`',`',both empty) ifelse(,,) ifelse ifelse(`a ',a,same,different) ifelse( a,a,same,different)
ifelse(1,1,`define(`x',1)',`define(`x',2)')x
define(`f',`ifelse($#,0,,$#,1,`$1',`$1 f(shift($@))')')f(a,b,  c ,`d,e')
