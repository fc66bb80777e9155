before
divert(1)lost
divert(0)m4wrap(`lost')m4exit(3)after
