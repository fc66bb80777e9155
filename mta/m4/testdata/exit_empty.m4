a m4exit() b
