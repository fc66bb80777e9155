include(`nosuch')m4exit
