changecom(/*,*/)
 /* foo
