// A stand-in for procmail on simulated hosts: a local mailer that takes its message on standard
// input and the recipient as an argument, and decides by a file of the recipient's.
//
//   procmail [-Y] [-a ARGUMENT] [-f SENDER] -d USER
//
// The message is appended to /var/mail/USER as that user, as mbox wants it: behind a From line,
// which names SENDER (or whoever runs it), and quoted. Of a .procmailrc it knows one line,
// "EXITCODE=N": nothing is delivered then, and N is the exit code.
//
// Exit codes: 0; 64 other arguments; 67 no such user; 73 the mailbox cannot be written; 75 it is
// locked, or reading the message failed.
#ifndef STAGEPOST_SIM_PEER_PROCMAIL_H_
#define STAGEPOST_SIM_PEER_PROCMAIL_H_

#include "mta/env/environment.h"

namespace stagepost {

Task<int> ProcmailMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_PROCMAIL_H_
