"""What the determinism lint forbids, and what to use instead. Tables only.

A word is looked for in one of these ways:

  WORD       anywhere, but not as a member (`x.word`) nor qualified by something else than std
  CALL       as the call of a free function: not a member, not declared here
  CALL_ARGS  the same, with arguments: `link(a, b)` is, the accessor `link()` is not
  STD, ABSL  only as std::word, absl::word
"""

from typing import NamedTuple

WORD, CALL, CALL_ARGS, STD, ABSL = "word", "call", "call with arguments", "std", "absl"

NAMES = {
    "address": "an address, or what depends on one, used as a value",
    "clock": "the machine's clock and calendar",
    "environment": "environment variables and command lines",
    "errno": "errno as state",
    "exception": "exceptions and long jumps",
    "exit": "the end of the process from within",
    "filesystem": "the machine's files",
    "flags": "command-line flag libraries",
    "global": "mutable global and static variables",
    "host": "facts about the machine",
    "identity": "users, groups and the ids of the process",
    "include": "headers not known to be deterministic",
    "locale": "the machine's locale",
    "network": "sockets and name look-up",
    "process": "processes and signals",
    "random": "randomness",
    "stdio": "standard streams and C files",
    "syslog": "the system log",
    "thread": "threads and what synchronises them",
    "unordered": "containers without a fixed order",
    # These cannot be allowed by a comment.
    "allow": "comments that allow something",
    "header": "headers that compile alone",
    "layering": "who may include whom",
    "lex": "source text that is not C++",
    "orphan": "files that no BUILD file names",
    "twice": "two classes of one name",
}
NEVER_ALLOWED = ("allow", "header", "layering", "lex", "orphan", "twice")
# Those that hold under sim/ too: what makes one run differ from the next. The simulator may end a
# process or read a scenario; it may not know the time.
SIMULATOR_RULES = ("address", "clock", "environment", "global", "locale", "random", "thread",
                   "unordered")


class Word(NamedTuple):
    rule: str
    how: str
    why: str
    use: str


_TABLE = (
    # clock
    ("clock", STD, "tells or measures the machine's time", "env.clock(), absl::Time, absl::Duration",
     "chrono time clock ctime asctime gmtime localtime mktime strftime difftime timespec_get "
     "put_time get_time"),
    ("clock", ABSL, "reads the machine's clock", "env.clock()",
     "Now GetCurrentTimeNanos Clock RealClock"),
    ("clock", ABSL, "depends on the machine's zone data", "env.host().time_zone()",
     "LocalTimeZone LoadTimeZone InitializeTimeZone"),
    ("clock", WORD, "reads the machine's clock", "env.clock()",
     "system_clock steady_clock high_resolution_clock gettimeofday settimeofday clock_gettime "
     "clock_settime clock_getres timespec_get ftime __DATE__ __TIME__ __TIMESTAMP__ __rdtsc "
     "__builtin_readcyclecounter __builtin_ia32_rdtsc"),
    ("clock", WORD, "depends on the machine's zone data", "absl::FormatTime, env.host().time_zone()",
     "localtime localtime_r gmtime gmtime_r mktime timegm timelocal asctime asctime_r ctime_r "
     "tzset tzname strftime strptime"),
    ("clock", CALL, "reads the machine's clock", "env.clock()", "clock"),
    ("clock", CALL_ARGS, "reads the machine's clock", "env.clock()", "time ctime times"),
    ("clock", ABSL, "waits in real time", "co_await SleepFor(...) of mta/async/deadline.h",
     "SleepFor"),
    ("clock", CALL_ARGS, "waits in real time", "co_await SleepFor(...) of mta/async/deadline.h",
     "sleep usleep nanosleep clock_nanosleep alarm ualarm setitimer timer_create timer_settime "
     "timerfd_create timerfd_settime"),
    # random
    ("random", STD, "is random, or differs between libraries", "env.random()",
     "random_device mt19937 mt19937_64 minstd_rand minstd_rand0 default_random_engine ranlux24 "
     "ranlux48 knuth_b uniform_int_distribution uniform_real_distribution normal_distribution "
     "bernoulli_distribution exponential_distribution poisson_distribution discrete_distribution "
     "shuffle random_shuffle sample seed_seq rand srand"),
    ("random", ABSL, "is random", "env.random()",
     "BitGen InsecureBitGen BitGenRef Uniform Bernoulli Exponential MakeSeedSeq"),
    ("random", WORD, "is random", "env.random()",
     "srand srandom rand_r drand48 erand48 lrand48 nrand48 mrand48 jrand48 srand48 arc4random "
     "arc4random_uniform arc4random_buf getrandom getentropy RAND_bytes RAND_priv_bytes"),
    ("random", CALL, "is random", "env.random()", "rand random"),
    # thread
    ("thread", STD, "belongs to threads; there is one thread of control",
     "coroutines: Task, Scope, Semaphore, Channel of mta/async",
     "thread jthread this_thread mutex timed_mutex recursive_mutex recursive_timed_mutex "
     "shared_mutex shared_timed_mutex lock_guard unique_lock shared_lock scoped_lock "
     "condition_variable condition_variable_any future shared_future promise packaged_task async "
     "atomic atomic_ref atomic_flag atomic_bool atomic_int atomic_thread_fence memory_order "
     "call_once once_flag latch barrier counting_semaphore binary_semaphore stop_token stop_source "
     "execution"),
    ("thread", ABSL, "belongs to threads; there is one thread of control",
     "coroutines: Task, Scope, Semaphore, Channel of mta/async",
     "Mutex MutexLock ReaderMutexLock WriterMutexLock ReleasableMutexLock MutexLockMaybe CondVar "
     "Condition Notification Barrier BlockingCounter call_once once_flag"),
    ("thread", WORD, "belongs to threads; there is one thread of control",
     "coroutines: Task, Scope, Semaphore, Channel of mta/async",
     "pthread_create pthread_join pthread_mutex_t pthread_mutex_lock pthread_self pthread_once "
     "pthread_t pthread_key_create sched_yield gettid"),
    # stdio
    ("stdio", STD, "is a standard stream or a C file",
     "env.process().standard_output(), env.process().standard_error()",
     "cout cerr clog cin wcout wcerr wclog wcin FILE printf fprintf vprintf vfprintf puts fputs "
     "putchar putc fputc fwrite fread fgets fgetc getc getchar fscanf scanf perror fflush fclose "
     "fopen freopen tmpfile tmpnam setbuf setvbuf"),
    ("stdio", STD, "is a stream on the machine's files", "env.files()",
     "ifstream ofstream fstream filebuf wifstream wofstream"),
    ("stdio", WORD, "is a standard stream or a C file",
     "env.process().standard_output(), env.process().standard_error()",
     "stdout stderr stdin FILE printf fprintf vprintf vfprintf dprintf vdprintf perror putchar "
     "fputs fputc fwrite fread fgets fgetc getchar fscanf scanf vscanf fflush fclose fopen fdopen "
     "freopen fseek ftell getline_unlocked popen pclose tmpfile tmpnam STDIN_FILENO STDOUT_FILENO "
     "STDERR_FILENO"),
    ("stdio", CALL_ARGS, "writes to standard output", "env.process().standard_output()", "puts"),
    # environment
    ("environment", STD, "reads the machine's environment", "env.process().EnvironmentVariable()",
     "getenv"),
    ("environment", WORD, "reads or changes the machine's environment",
     "env.process().EnvironmentVariable()",
     "getenv secure_getenv setenv unsetenv putenv clearenv environ __environ confstr"),
    ("environment", WORD, "keeps its state in globals and prints by itself",
     "the Arguments given to the program",
     "getopt getopt_long getopt_long_only optarg optind opterr optopt argp_parse"),
    # locale
    ("locale", STD, "depends on the machine's locale", "absl/strings (StrFormat, ascii.h, numbers.h)",
     "locale setlocale localeconv use_facet isalpha isalnum isdigit isxdigit isspace isupper "
     "islower ispunct isprint iscntrl isgraph isblank tolower toupper strcoll strxfrm strtod "
     "strtof strtold atof stof stod stold snprintf sprintf vsnprintf vsprintf sscanf mbstowcs "
     "wcstombs mbtowc stringstream ostringstream istringstream regex wregex basic_regex "
     "regex_match regex_search regex_replace put_money get_money"),
    ("locale", WORD, "depends on the machine's locale",
     "absl/strings (StrFormat, ascii.h, numbers.h)",
     "setlocale newlocale uselocale localeconv nl_langinfo strcoll strxfrm snprintf sprintf "
     "vsnprintf vsprintf asprintf vasprintf sscanf vsscanf strtod strtof strtold strcasecmp "
     "strncasecmp mbstowcs wcstombs mbrtowc wcrtomb gettext ngettext"),
    ("locale", CALL_ARGS, "depends on the machine's locale", "absl/strings/ascii.h",
     "isalpha isalnum isdigit isxdigit isspace isupper islower ispunct isprint iscntrl isgraph "
     "isblank tolower toupper atof"),
    # errno
    ("errno", WORD, "is state of the machine", "the absl::Status returned, and ErrnoOf()",
     "errno strerror strerror_r __errno_location h_errno"),
    ("errno", STD, "is state of the machine", "ErrnoText()", "strerror"),
    # address
    ("address", WORD, "turns an address into a number; it differs from run to run",
     "an id or an index of your own", "uintptr_t intptr_t type_index hash_value"),
    ("address", STD, "orders by address", "an id or an index of your own",
     "type_index owner_less"),
    ("address", ABSL, "differs from run to run", "a hash of your own with fixed constants",
     "Hash HashOf"),
    # unordered
    ("unordered", STD, "has no fixed order", "absl::btree_map, absl::btree_set, a sorted vector",
     "unordered_map unordered_set unordered_multimap unordered_multiset"),
    ("unordered", ABSL, "has no fixed order", "absl::btree_map, absl::btree_set, a sorted vector",
     "flat_hash_map flat_hash_set node_hash_map node_hash_set"),
    # filesystem
    ("filesystem", STD, "touches the machine's files", "env.files()",
     "filesystem rename"),
    ("filesystem", WORD, "touches the machine's files", "env.files()",
     "openat openat2 creat fstat lstat fstatat statx unlinkat mkdirat renameat renameat2 "
     "linkat symlinkat readlink readlinkat fchmod fchmodat lchown fchown fchownat ftruncate fsync "
     "fdatasync syncfs sync_file_range flock lockf fcntl opendir fdopendir readdir closedir "
     "scandir rewinddir nftw mmap munmap msync pread pwrite preadv pwritev readv writev dup2 dup3 "
     "mkstemp mkdtemp mkostemp mktemp mkfifo mknod getcwd fchdir chroot utimensat futimens utimes "
     "statvfs fstatvfs posix_fallocate fallocate memfd_create copy_file_range sendfile inotify_init "
     "inotify_init1 pathconf fpathconf"),
    ("filesystem", CALL_ARGS, "touches the machine's files", "env.files()",
     "open read write close lseek stat unlink rename mkdir rmdir chmod chown link symlink access "
     "truncate dup pipe pipe2 umask chdir remove realpath ioctl mount umount pivot_root glob"),
    ("filesystem", CALL, "touches the machine's files", "env.files()", "sync"),
    # network
    ("network", WORD, "touches the machine's network", "env.network()",
     "sockaddr sockaddr_in sockaddr_in6 sockaddr_un sockaddr_storage socketpair accept4 sendto "
     "sendmsg sendmmsg recvfrom recvmsg recvmmsg setsockopt getsockopt getsockname getpeername "
     "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait ppoll pselect io_uring_setup "
     "if_nametoindex if_indextoname getifaddrs eventfd"),
    ("network", WORD, "asks the machine's resolver", "env.resolver()",
     "getaddrinfo freeaddrinfo getnameinfo gethostbyname gethostbyname2 gethostbyaddr "
     "getservbyname getservbyport res_query res_search res_init ares_init ares_query"),
    ("network", CALL_ARGS, "touches the machine's network", "env.network()",
     "socket bind connect listen accept send recv shutdown poll select"),
    # process
    ("process", WORD, "starts, awaits or signals a process of the machine",
     "env.programs(), env.process().NextSignal()",
     "vfork clone3 execl execle execlp execv execve execvp execvpe fexecve posix_spawn "
     "posix_spawnp waitpid waitid wait3 wait4 sigaction sigprocmask sigsuspend sigwait "
     "sigwaitinfo sigtimedwait signalfd sigemptyset sigfillset sigaddset pidfd_open ptrace prctl "
     "setsid setpgid getpgid tcsetpgrp daemon SIGHUP SIGINT SIGTERM SIGKILL SIGPIPE SIGCHLD "
     "SIGALRM SIGUSR1 SIGUSR2 SIG_IGN SIG_DFL dlopen dlsym setproctitle"),
    ("process", CALL_ARGS, "starts, awaits or signals a process of the machine",
     "env.programs(), env.process().NextSignal()",
     "signal raise kill killpg clone wait system unshare setns syscall nice"),
    ("process", CALL, "starts or stops a process of the machine", "env.programs()", "fork pause"),
    ("process", STD, "starts or signals a process of the machine", "env.programs()",
     "system signal raise"),
    # exit
    ("exit", STD, "ends the process under the executor's feet",
     "the exit code returned by the program, or CHECK", "exit quick_exit _Exit abort terminate "
     "atexit at_quick_exit"),
    ("exit", CALL_ARGS, "ends the process under the executor's feet",
     "the exit code returned by the program", "exit _exit quick_exit _Exit atexit on_exit"),
    ("exit", CALL, "ends the process under the executor's feet", "CHECK", "abort"),
    # identity
    ("identity", WORD, "reads or changes the ids of the machine's process",
     "env.process().credentials(), env.process().BecomePermanently()",
     "getuid geteuid getgid getegid getresuid getresgid getgroups setuid seteuid setgid setegid "
     "setreuid setregid setresuid setresgid setgroups initgroups setfsuid setfsgid getpid getppid "
     "capset prctl"),
    ("identity", WORD, "asks the machine's account databases", "env.accounts()",
     "getpwnam getpwnam_r getpwuid getpwuid_r getpwent setpwent endpwent getgrnam getgrnam_r "
     "getgrgid getgrgid_r getgrent getgrouplist getspnam getlogin getlogin_r getnetgrent innetgr"),
    # host
    ("host", WORD, "asks the machine", "env.host()",
     "gethostname sethostname getdomainname uname sysconf getpagesize getloadavg sysinfo getrlimit "
     "setrlimit getrusage ttyname isatty"),
    # syslog
    ("syslog", WORD, "writes to the machine's log", "env.log()",
     "syslog vsyslog openlog closelog setlogmask LOG_MAIL LOG_ERR LOG_WARNING LOG_INFO LOG_DEBUG"),
    # flags
    ("flags", ABSL, "is global state", "the Arguments given to the program",
     "GetFlag SetFlag Flag ParseCommandLine"),
    ("flags", WORD, "is global state", "the Arguments given to the program",
     "ABSL_FLAG ABSL_DECLARE_FLAG"),
    # exception
    ("exception", WORD, "is exception handling", "absl::Status, absl::StatusOr",
     "throw try catch setjmp longjmp sigsetjmp siglongjmp"),
    ("exception", STD, "throws on bad input", "absl::SimpleAtoi",
     "stoi stol stoll stoul stoull bad_function_call"),
    ("exception", STD, "is exception handling", "absl::Status, absl::StatusOr",
     "throw_with_nested rethrow_exception rethrow_if_nested make_exception_ptr runtime_error "
     "logic_error invalid_argument out_of_range"),
)


def _index(hows):
    result = {}
    for rule, how, why, use, names in _TABLE:
        if how in hows:
            for name in names.split():
                result.setdefault(name, Word(rule, how, why, use))
    return result


STD_WORDS = _index((STD,))
ABSL_WORDS = _index((ABSL,))
FREE_WORDS = _index((WORD, CALL, CALL_ARGS))

# Headers of the standard library that neither touch the machine nor differ from run to run.
STANDARD_HEADERS = frozenset("""
algorithm any array bit bitset charconv cinttypes climits cmath compare concepts coroutine cstdarg
cstddef cstdint cstdlib cstring deque exception forward_list functional initializer_list iosfwd
iterator limits list map memory memory_resource new numbers numeric optional ostream queue ranges
ratio set source_location span stack string string_view sysexits.h system_error tuple type_traits
typeinfo unordered_map unordered_set utility variant vector version
""".split())

# Libraries that may be included, by the beginning of the path.
LIBRARY_HEADERS = ("mta/", "absl/", "gtest/", "gmock/", "benchmark/", "google/protobuf/", "re2/",
                   "openssl/")


class Header(NamedTuple):
    """Headers that get a better answer than "not known to be deterministic"."""
    rule: str
    why: str
    use: str


_HEADERS = (
    ("clock", "tells the machine's time", "env.clock(), absl/time/time.h",
     "chrono ctime time.h sys/time.h sys/times.h absl/time/clock.h"),
    ("random", "is random", "env.random()", "random sys/random.h absl/random/*"),
    ("thread", "belongs to threads", "mta/async",
     "thread mutex shared_mutex atomic condition_variable future semaphore latch barrier "
     "stop_token execution pthread.h threads.h stdatomic.h sched.h absl/synchronization/* "
     "absl/base/call_once.h"),
    ("stdio", "is for standard streams and C files", "env.process(), absl/strings/str_format.h",
     "cstdio stdio.h iostream istream fstream iomanip ios streambuf syncstream"),
    ("locale", "depends on the machine's locale", "absl/strings",
     "locale clocale locale.h cctype ctype.h cwctype cwchar wchar.h codecvt sstream strstream regex "
     "regex.h fnmatch.h langinfo.h libintl.h iconv.h strings.h"),
    ("errno", "is state of the machine", "mta/base/errno.h", "cerrno errno.h"),
    ("filesystem", "is for the machine's files", "env.files()",
     "filesystem fcntl.h sys/stat.h sys/file.h sys/mman.h sys/statvfs.h sys/vfs.h sys/uio.h "
     "sys/ioctl.h sys/inotify.h sys/mount.h dirent.h ftw.h glob.h utime.h mntent.h"),
    ("network", "is for the machine's network", "env.network(), env.resolver()",
     "sys/socket.h sys/un.h sys/select.h sys/epoll.h sys/poll.h sys/eventfd.h poll.h netdb.h "
     "resolv.h ifaddrs.h netinet/* arpa/* net/* ares.h liburing.h"),
    ("process", "is for the machine's processes", "env.programs(), env.process()",
     "unistd.h csignal signal.h sys/wait.h sys/prctl.h sys/ptrace.h sys/syscall.h sys/signalfd.h "
     "spawn.h dlfcn.h linux/* asm/* sys/types.h sys/capability.h"),
    ("identity", "asks the machine's account databases", "env.accounts(), env.process()",
     "pwd.h grp.h shadow.h sys/fsuid.h utmp.h utmpx.h"),
    ("host", "asks the machine", "env.host()",
     "sys/utsname.h sys/sysinfo.h sys/resource.h termios.h"),
    ("syslog", "is for the machine's log", "env.log()", "syslog.h sys/syslog.h"),
    ("environment", "keeps its state in globals", "the Arguments given to the program",
     "getopt.h argp.h"),
    ("flags", "is global state", "the Arguments given to the program", "absl/flags/*"),
    ("exception", "is exception handling", "absl::Status, absl::StatusOr",
     "stdexcept csetjmp setjmp.h"),
    ("address", "orders by address", "an id or an index of your own", "typeindex"),
    ("include", "is not needed", "CHECK of mta/base/check.h", "cassert assert.h"),
)


def header(path):
    """The Header entry for an included path, or None."""
    folder = path.rsplit("/", 1)[0] + "/*"
    for rule, why, use, paths in _HEADERS:
        names = paths.split()
        if path in names or folder in names:
            return Header(rule, why, use)
    return None


# Ordered containers: which template argument is the comparator.
ORDERED_CONTAINERS = {
    "map": 2, "multimap": 2, "set": 1, "multiset": 1, "priority_queue": 2, "btree_map": 2,
    "btree_multimap": 2, "btree_set": 1, "btree_multiset": 1, "less": 1, "greater": 1, "hash": 1,
}
UNORDERED_CONTAINERS = frozenset(
    "unordered_map unordered_set unordered_multimap unordered_multiset "
    "flat_hash_map flat_hash_set node_hash_map node_hash_set".split())
