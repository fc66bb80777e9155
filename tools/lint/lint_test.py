#!/usr/bin/env python3
"""Plants one violation of each rule, and what only looks like one."""

import os
import tempfile
import unittest

from tools.lib import unittest_main
from tools.lint import checks
from tools.lint import lint
from tools.lint import rules

# (rule, the line planted, the token named). Statements stand inside a function.
STATEMENTS = (
    ("address", "auto n = reinterpret_cast<uint64_t>(p);", "reinterpret_cast<uint64_t>"),
    ("address", "auto n = reinterpret_cast<std::uintptr_t>(p);", "uintptr_t"),
    ("address", "uintptr_t n = 0;", "uintptr_t"),
    ("address", "std::hash<Session*> h;", "hash"),
    ("address", "std::map<const Session*, int> m;", "map"),
    ("address", "absl::btree_set<std::shared_ptr<Session>> s;", "btree_set"),
    ("address", "auto n = absl::HashOf(x);", "absl::HashOf"),
    ("clock", "auto t = std::chrono::system_clock::now();", "std::chrono::system_clock::now"),
    ("clock", "namespace chr = std::chrono;", "std::chrono"),
    ("clock", "auto t = time(nullptr);", "time"),
    ("clock", "auto t = ::time(nullptr);", "time"),
    ("clock", "auto t = std::time(nullptr);", "std::time"),
    ("clock", "auto t = x ? F(1) : time(nullptr);", "time"),
    ("clock", "F(a(1), time(nullptr));", "time"),
    ("clock", "switch (x) { case F(1): time(nullptr); }", "time"),
    ("clock", "gettimeofday(&tv, nullptr);", "gettimeofday"),
    ("clock", "clock_gettime(CLOCK_REALTIME, &ts);", "clock_gettime"),
    ("clock", "auto t = clock();", "clock"),
    ("clock", "auto t = absl::Now();", "absl::Now"),
    ("clock", "absl::SleepFor(d);", "absl::SleepFor"),
    ("clock", "auto z = absl::LocalTimeZone();", "absl::LocalTimeZone"),
    ("clock", "absl::LoadTimeZone(name, &z);", "absl::LoadTimeZone"),
    ("clock", "Log(__DATE__);", "__DATE__"),
    ("environment", "auto h = getenv(name);", "getenv"),
    ("environment", "auto h = std::getenv(name);", "std::getenv"),
    ("environment", "while (getopt(argc, argv, spec) != -1) {}", "getopt"),
    ("errno", "if (errno == EINTR) return;", "errno"),
    ("exception", "throw Failure();", "throw"),
    ("exception", "try { F(); } catch (...) { }", "try"),
    ("exception", "int n = std::stoi(text);", "std::stoi"),
    ("exit", "exit(1);", "exit"),
    ("exit", "std::abort();", "std::abort"),
    ("filesystem", "int f = open(path, O_RDONLY);", "open"),
    ("filesystem", "int f = ::open(path, O_RDONLY);", "open"),
    ("filesystem", "std::filesystem::remove(path);", "std::filesystem::remove"),
    ("filesystem", "auto f = Make(::unlink);", "unlink"),
    ("filesystem", "fsync(f);", "fsync"),
    ("flags", "auto v = absl::GetFlag(FLAGS_x);", "absl::GetFlag"),
    ("global", "static int count = 0;", "count"),
    ("global", "static Session session(1);", "session"),
    ("global", "static const char* name;", "name"),
    ("global", "thread_local int depth;", "depth"),
    ("host", "gethostname(name, sizeof name);", "gethostname"),
    ("identity", "if (geteuid() == 0) return;", "geteuid"),
    ("identity", "auto* p = getpwnam(name);", "getpwnam"),
    ("locale", "setlocale(LC_ALL, text);", "setlocale"),
    ("locale", "std::locale here;", "std::locale"),
    ("locale", "if (isspace(c)) return;", "isspace"),
    ("locale", "snprintf(b, sizeof b, format, 1);", "snprintf"),
    ("network", "int s = socket(AF_INET, SOCK_STREAM, 0);", "socket"),
    ("network", "getaddrinfo(name, port, &h, &r);", "getaddrinfo"),
    ("process", "if (fork() == 0) return;", "fork"),
    ("process", "execve(path, argv, envp);", "execve"),
    ("process", "signal(SIGHUP, handler);", "signal"),
    ("process", "kill(child, 9);", "kill"),
    ("random", "int r = rand();", "rand"),
    ("random", "int r = std::rand();", "std::rand"),
    ("random", "std::random_device device;", "std::random_device"),
    ("random", "absl::BitGen generator;", "absl::BitGen"),
    ("stdio", "printf(text);", "printf"),
    ("stdio", "std::cout << text;", "std::cout"),
    ("stdio", "std::cerr << text;", "std::cerr"),
    ("stdio", "auto* f = fopen(path, mode);", "fopen"),
    ("stdio", "std::ofstream file(path);", "std::ofstream"),
    ("syslog", "syslog(LOG_INFO, text);", "syslog"),
    ("thread", "std::thread t(F);", "std::thread"),
    ("thread", "std::mutex m;", "std::mutex"),
    ("thread", "std::atomic<int> n;", "std::atomic"),
    ("thread", "absl::Mutex m;", "absl::Mutex"),
    ("unordered", "absl::flat_hash_map<int, int> m;", "absl::flat_hash_map"),
    ("unordered", "std::unordered_set<int> m;", "std::unordered_set"),
    ("include", "using namespace std;", "using namespace std"),
)

INCLUDES = (
    ("clock", "#include <chrono>", "<chrono>"),
    ("clock", "#include <ctime>", "<ctime>"),
    ("clock", '#include "absl/time/clock.h"', '"absl/time/clock.h"'),
    ("environment", "#include <getopt.h>", "<getopt.h>"),
    ("errno", "#include <cerrno>", "<cerrno>"),
    ("exception", "#include <stdexcept>", "<stdexcept>"),
    ("filesystem", "#include <filesystem>", "<filesystem>"),
    ("filesystem", "#include <fcntl.h>", "<fcntl.h>"),
    ("filesystem", "# include <sys/stat.h>", "<sys/stat.h>"),
    ("flags", '#include "absl/flags/flag.h"', '"absl/flags/flag.h"'),
    ("host", "#include <sys/utsname.h>", "<sys/utsname.h>"),
    ("identity", "#include <pwd.h>", "<pwd.h>"),
    ("include", "#include <sys/whatever.h>", "<sys/whatever.h>"),
    ("include", '#include "../posix/files.h"', '"../posix/files.h"'),
    ("include", "#include MACRO", "MACRO"),
    ("layering", '#include "sim/world/sim_clock.h"', '"sim/world/sim_clock.h"'),
    ("layering", '#include "mta/posix/files.h"', '"mta/posix/files.h"'),
    ("layering", '#include "mta/smtp/../posix/files.h"', '"mta/smtp/../posix/files.h"'),
    ("locale", "#include <sstream>", "<sstream>"),
    ("locale", "#include <cctype>", "<cctype>"),
    ("network", "#include <sys/socket.h>", "<sys/socket.h>"),
    ("network", "#include <netinet/in.h>", "<netinet/in.h>"),
    ("process", "#include <unistd.h>", "<unistd.h>"),
    ("process", "#include <csignal>", "<csignal>"),
    ("random", "#include <random>", "<random>"),
    ("stdio", "#include <iostream>", "<iostream>"),
    ("stdio", "#include <cstdio>", "<cstdio>"),
    ("syslog", "#include <syslog.h>", "<syslog.h>"),
    ("thread", "#include <thread>", "<thread>"),
    ("thread", "#include <mutex>", "<mutex>"),
    ("thread", "#include <atomic>", "<atomic>"),
    ("thread", "#include <pthread.h>", "<pthread.h>"),
    ("thread", '#include "absl/synchronization/mutex.h"', '"absl/synchronization/mutex.h"'),
)

# Declarations at namespace scope: the name of the mutable variable, or None.
DECLARATIONS = (
    ("int count;", "count"),
    ("int count = 0;", "count"),
    ("std::string name{};", "name"),
    ("Session session(42);", "session"),
    ("inline absl::Duration limit = absl::Seconds(1);", "limit"),
    ("extern int count;", "count"),
    ("int table[5];", "table"),
    ("const char* name = nullptr;", "name"),
    ("static std::map<int, std::string> table;", "table"),
    ("constinit Pool pool;", "pool"),
    ("void (*handler)(int) = nullptr;", "handler"),
    ("struct Pair { int a, b; } pair;", "pair"),
    ("struct Pair pair;", "pair"),
    ("int Session::count_ = 0;", "count_"),
    ("template <class T> int counter = 0;", "counter"),
    ("struct S { static int count_; };", "count_"),
    ("struct S { inline static int count_ = 0; };", "count_"),
    ("int F() { struct L { static int x; }; return 0; }", "x"),
    ("namespace a { namespace { int count; } }", "count"),
    ("#if A\nint F() {\n#else\nint F(int) {\n#endif\n return 1; }\nint count;", "count"),
    ("#define COUNT() ([] { static int n = 0; return ++n; }())", "n"),
    ("S::S() : a_{1}, b_(2) { static int n; }", "n"),
    ("auto f = [](int) { return 1; };", "f"),
    ("const int kLimit = 5;", None),
    ("constexpr int kLimit = 5;", None),
    ("inline constexpr absl::string_view kName = \"x\";", None),
    ("const char* const kNames[] = {\"a\", \"b\"};", None),
    ("const std::map<int, int> kTable = {{1, 2}, {3, 4}};", None),
    ("template <class T> constexpr bool kIs = false;", None),
    ("void (*const kHandler)(int) = nullptr;", None),
    ("extern const int kLimit;", None),
    ("int F(int a, const std::string& b = {});", None),
    ("static int F() { return 0; }", None),
    ("static_assert(sizeof(int) == 4);", None),
    ("using Table = std::map<int, int>;", None),
    ("typedef int Number;", None),
    ("class Session;", None),
    ("class ABSL_MUST_USE_RESULT Session final : public Base<int>, Other { int x_; };", None),
    ("enum class Kind : int { kA = 1, kB };", None),
    ("struct alignas(8) S { int x = 0; };", None),
    ("struct S { static constexpr int kX = 1; static S Make(int x); };", None),
    ("struct S { static S& Get() { return *x; } static const int kX; int y = 0; };", None),
    ("template <class T> requires Good<T> && Fine<T> struct S { int x; };", None),
    ("template <class T> requires (sizeof(T) > 4) struct S { static int F(T); };", None),
    ("template <> struct Traits<int> { static int F(int x) { return x; } };", None),
    ("extern \"C\" { int F(int); }", None),
    ("extern template class Table<int>;", None),
    ("bool operator==(const S& a, const S& b) { return a.x == b.x; }", None),
    ("S::operator bool() const { return true; }", None),
    ("TEST(Suite, Case) { int x = 0; F(x); }", None),
    ("BENCHMARK(BM_Await)->Arg(1);", None),
    ("std::enable_if_t<A<T>::value && B<T>::value, int> F(T t);", None),
    ("LIBRARY_EXPORT struct tm* F(const Time* t);", None),
    ("#define MAKE(x) static void F(const x& y);", None),
    ("[[nodiscard]] absl::Status F(const char* text);", None),
    ("auto F() -> std::string { return {}; }", None),
    ("template <class T, class U = std::vector<T>> U F(T t) { U u; return u; }", None),
    ("namespace a::b { int F(); }", None),
    ("namespace { class C { public: C() : x_(1) {} int x_; static int F(); }; }", None),
    ("Task<int> F() { auto g = [] { struct L { static int H() { return 1; } }; }; co_return 1; }",
     None),
    ("int F() { static const int kX = G(); static constexpr int kY = 2; return kX + kY; }", None),
    ("int F() { static const auto& x = *new std::string; return 1; }", None),
    ("int F() { if (a < b) { return static_cast<int>(x); } return c > d; }", None),
)

# What may stand in the product.
INNOCENT = (
    "Clock& clock() override;",
    "virtual Random& random() = 0;",
    "absl::Time t = env.clock().WallNow();",
    "absl::Time t = clock().WallNow();",
    "auto n = random().Uniform(6);",
    "auto& s = env->process();",
    "co_await files.Open(path); network.Connect(a); stream.close();",
    "absl::Time time(absl::Time t);",
    "struct S { S(int x) : time(x), b{1}, link(x, F(2)) {} };",
    "S::S(int x) noexcept : time(x), clock(x) {}",
    "absl::Time time = other.time(3);",
    "Options o{.time = t, .open = true}; o.time = t; use(o.errno_text);",
    "auto b = std::bind(F, 1); v.erase(std::remove(v.begin(), v.end(), x), v.end());",
    "Errno e = Errno::kEINTR; Signal s = Signal::kHangup;",
    "auto q = reinterpret_cast<const char*>(data); auto r = reinterpret_cast<A&>(b);",
    "std::map<Key, Session*> by_key; std::set<int> s; absl::btree_map<A*, int, ByName> m;",
    "std::hash<std::string> h; std::less<> less; bool b = i < n * 2 && j > 3;",
    "int fork = 1; int exit = fork; int link = 2; if (link) return;",
    "Poller poll(fd); Wait(read, write);",
    "int n = 1'000'000; char c = '\"'; auto s = \"a \\\" printf(x) \\\\\";",
    "int a = b /* time(nullptr) */ + 1; // absl::Now()",
    "foo::time(3); Session::open(path); my::std_thread t;",
    "for (const auto& [k, v] : ordered) Use(k, v);",
    "std::exception_ptr p; std::errc e; std::error_code c;",
)


def wrap(statement):
    """A file with the statement on line 4, inside a function."""
    return f"#include <string>\nnamespace stagepost {{\nvoid F() {{\n{statement}\n}}\n}}\n"


def hide(text):
    """The same words where they mean nothing; none contains a newline."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    yield f"// {text}"
    yield f"/* {text} */"
    yield f"/*\n * {text}\n */"
    yield f'auto s = "{quoted}";'
    yield f'auto s = u8"{quoted}";'
    yield f'auto s = R"({text})";'
    yield f'auto s = R"x(\n{text} )" "\n)x";'
    yield f"// continued \\\n{text}"


def found(text, path="mta/smtp/session.cc", **options):
    return [(f.line, f.rule, f.token) for f in lint.lint_text(path, text, **options)]


class PlantedTest(unittest.TestCase):

    def test_every_rule_is_planted(self):
        planted = {rule for rule, _, _ in STATEMENTS + INCLUDES}
        elsewhere = {"allow", "header", "lex", "orphan", "twice"}
        self.assertEqual(planted | elsewhere, set(rules.NAMES))

    def test_statements(self):
        for rule, statement, token in STATEMENTS:
            with self.subTest(statement):
                self.assertIn((4, rule, token), found(wrap(statement)))

    def test_includes(self):
        for rule, include, token in INCLUDES:
            with self.subTest(include):
                self.assertEqual(found(f"#include <string>\n{include}\nint F();\n"),
                                 [(2, rule, token)])

    def test_the_same_words_hidden(self):
        for _, planted, _ in STATEMENTS + INCLUDES:
            for hidden in hide(planted):
                with self.subTest(hidden):
                    self.assertEqual(found(wrap(hidden)), [])

    def test_every_word_of_the_tables(self):
        for name, word in rules.STD_WORDS.items():
            with self.subTest("std::" + name):
                self.assertIn(word.rule, {f[1] for f in found(wrap(f"Use(std::{name});"))})
        for name, word in rules.ABSL_WORDS.items():
            with self.subTest("absl::" + name):
                self.assertIn(word.rule, {f[1] for f in found(wrap(f"Use(absl::{name});"))})
        for name, word in rules.FREE_WORDS.items():
            use = {rules.WORD: name, rules.CALL: f"{name}()"}.get(word.how, f"{name}(1)")
            with self.subTest(name):
                self.assertIn((4, word.rule, name), found(wrap(f"Use({use});")))

    def test_declarations(self):
        for declaration, name in DECLARATIONS:
            with self.subTest(declaration):
                globals_found = [f[2] for f in found(declaration + "\n") if f[1] == "global"]
                self.assertEqual(globals_found, [name] if name else [])

    def test_innocent(self):
        for statement in INNOCENT:
            with self.subTest(statement):
                self.assertEqual(found(wrap(statement)), [])

    def test_message_names_file_line_token_reason_and_replacement(self):
        finding = lint.lint_text("mta/smtp/x.cc", wrap("auto t = absl::Now();"))[0]
        self.assertEqual(finding.render("mta/smtp/x.cc"),
                         "mta/smtp/x.cc:4: absl::Now: reads the machine's clock; "
                         "use env.clock() [clock]")

    def test_posix_may_do_what_others_may_not(self):
        self.assertEqual(found(wrap("int f = ::open(path, 0);"), path="mta/posix/files.cc"), [])

    def test_databases_are_written_by_the_two_environments_only(self):
        include = '#include "mta/libdb/database_file.h"\n'
        for path in ("mta/posix/databases.cc", "sim/world/sim_databases.cc"):
            self.assertEqual(found(include, path=path), [])
        for path in ("mta/bin/makemap.cc", "mta/bin/makemap_main.cc", "sim/peer/sh.cc"):
            self.assertEqual(found(include, path=path)[0][1], "layering")
        self.assertEqual(found("#include <db.h>\n", path="mta/libdb/database_file.cc"), [])
        self.assertEqual(found("#include <db.h>\n", path="mta/bin/makemap.cc")[0][1], "include")

    def test_the_simulator_may_read_files_but_not_clocks(self):
        path = "sim/scenario/load.cc"
        self.assertEqual(found("#include <fstream>\nint F() { exit(1); }\n", path=path), [])
        self.assertEqual(found("int F() { return time(nullptr); }\n", path=path)[0][1], "clock")
        self.assertEqual(found("int F() { return time(0); }\n", path="sim/world/x_test.cc"), [])

    def test_only_main_functions_choose_linux(self):
        include = '#include "mta/posix/environment.h"\n'
        self.assertEqual(found(include, path="mta/bin/sendmail_main.cc"), [])
        self.assertEqual(found(include, path="mta/bin/sendmail.cc")[0][1], "layering")
        self.assertEqual(found(include, path="sim/world/host.cc")[0][1], "layering")

    def test_no_one_includes_upwards(self):
        for path in ("mta/posix/files.cc", "mta/bin/sendmail_main.cc", "mta/base/check.h"):
            with self.subTest(path):
                self.assertEqual(found('#include "sim/world/world.h"\n', path=path),
                                 [(1, "layering", '"sim/world/world.h"')])


class UnorderedTest(unittest.TestCase):
    ALLOW = "// lint: allow(unordered): only looked up"

    def test_iteration_needs_its_own_allowance(self):
        text = wrap(f"absl::flat_hash_map<int, A> by_id; {self.ALLOW}\n"
                    "for (auto& [id, a] : by_id) Use(a);\n"
                    "Use(*by_id.begin());\n"
                    "by_id.find(3);")
        self.assertEqual([f[:2] for f in found(text)], [(5, "unordered"), (6, "unordered")])

    def test_members_of_the_own_header(self):
        header = f"class S {{\n  absl::flat_hash_map<int, A> by_id_; {self.ALLOW}\n}};\n"
        text = wrap("for (auto& each : by_id_) Use(each);")
        self.assertEqual(found(text, header_text=header), [(4, "unordered", "by_id_")])

    def test_functions_and_aliases(self):
        text = (f"using Table = std::unordered_map<int, int>; {self.ALLOW}\n"
                "const Table& All();\n"
                "void F(S& s) { for (auto& x : s.All()) Use(x); }\n")
        self.assertEqual(found(text), [(3, "unordered", "All")])


class AllowTest(unittest.TestCase):

    def test_same_line_and_line_above(self):
        allow = "// lint: allow(clock): the reason"
        self.assertEqual(found(wrap(f"auto t = absl::Now();  {allow}")), [])
        self.assertEqual(found(wrap(f"{allow}\nauto t = absl::Now();")), [])
        self.assertEqual(found(wrap(f"{allow},\n// at length.\nauto t = absl::Now();")), [])

    def test_covers_one_line_and_one_rule_only(self):
        allow = "// lint: allow(clock): the reason"
        text = wrap(f"{allow}\nauto t = absl::Now(); int r = rand();\nauto u = absl::Now();")
        self.assertEqual([f[:2] for f in found(text)], [(5, "random"), (6, "clock")])

    def test_a_comment_behind_code_does_not_reach_the_next_line(self):
        text = wrap("int x = 1;  // lint: allow(clock): the reason\nauto t = absl::Now();")
        self.assertEqual([f[:2] for f in found(text)], [(4, "allow"), (5, "clock")])

    def test_several_rules(self):
        text = wrap("// lint: allow(clock, random): both\nUse(absl::Now(), rand());")
        self.assertEqual(found(text), [])
        text = wrap("// lint: allow(clock, random): one is not there\nUse(absl::Now());")
        self.assertEqual(found(text), [(4, "allow", "allow(random)")])

    def test_unused(self):
        self.assertEqual(found(wrap("// lint: allow(clock): nothing here\nint x = 1;")),
                         [(4, "allow", "allow(clock)")])

    def test_malformed(self):
        for comment in ("// lint: allow(clock)", "// lint: allow(clock):", "// lint: allow clock: x",
                        "// lint: allow(): x", "// lint: allow(nonsense): x", "//lint : allow(clock): x",
                        "/* lint: allow(clock): x */", "// lint: allow(layering): x",
                        "// lint: off"):
            with self.subTest(comment):
                rules_found = [f[1] for f in found(wrap(f"{comment}\nauto t = absl::Now();"))]
                self.assertEqual(rules_found, ["allow", "clock"])

    def test_layering_cannot_be_allowed(self):
        text = '// lint: allow(layering): please\n#include "sim/world/world.h"\n'
        self.assertEqual([f[1] for f in found(text)], ["allow", "layering"])

    def test_in_a_string_it_is_no_comment(self):
        text = wrap('auto s = "// lint: allow(clock): x"; auto t = absl::Now();')
        self.assertEqual(found(text), [(4, "clock", "absl::Now")])


class LexerTest(unittest.TestCase):

    def test_line_numbers_after_what_spans_lines(self):
        text = ('auto a = R"(\n\n)";\n/*\n*/\n#define A \\\n  1\nauto b = "x\\\ny";\n'
                "auto t = absl::Now();\n")
        self.assertEqual([f for f in found(text) if f[1] == "clock"], [(10, "clock", "absl::Now")])

    def test_macro_bodies_are_code(self):
        self.assertEqual(found("#define NOW() \\\n  absl::Now()\n"), [(2, "clock", "absl::Now")])

    def test_names_in_two_halves(self):
        self.assertEqual([f[1] for f in found(wrap("auto t = absl::N\\\now();"))], ["lex"])

    def test_unterminated_literals(self):
        self.assertEqual([f[1] for f in found(wrap('auto s = "open;'))], ["lex"])

    def test_prose_in_directives(self):
        self.assertEqual(found("#error don't use time(0)\n#pragma once\n#warning isn't\n"), [])

    def test_code_in_all_branches(self):
        text = "#if 0\nint f() { return absl::Now(); }\n#else\nint g() { return rand(); }\n#endif\n"
        self.assertEqual([f[:2] for f in found(text)], [(2, "clock"), (4, "random")])

    def test_any_bytes(self):
        for text in ("", "\n", "\\", "'", '"', "/*", "#", "#include", "#include <", "<<<>>>", "((({{{",
                     "}}}", "static", "template <", "\udcff\x00", 'R"x(', "struct", "extern \"C\"",
                     "namespace", "thread_local int", "for (a : b", "reinterpret_cast<", "requires"):
            with self.subTest(text):
                lint.lint_text("mta/x.cc", text)


class TreeTest(unittest.TestCase):
    """The walk over a workspace: nothing that a compiler could see is overlooked."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.write("mta/base/BUILD.bazel", 'mta_library(name = "x", hdrs = ["x.h"])')
        self.write("mta/base/x.h", "int F();\n")

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def lines(self):
        return lint.lint_tree(self.root)[0]

    def test_clean(self):
        self.assertEqual(self.lines(), [])

    def test_new_file_in_new_package(self):
        self.write("mta/brand/new/BUILD.bazel", 'mta_library(name = "y", srcs = ["y.cc"])')
        self.write("mta/brand/new/y.cc", "int F() { return rand(); }\n")
        self.assertEqual(self.lines(), ["mta/brand/new/y.cc:1: rand: is random; use env.random() "
                                        "[random]"])

    def test_one_name_for_two_classes(self):
        self.write("mta/base/BUILD.bazel", 'hdrs = ["x.h", "y.h"]')
        self.write("mta/base/x.h", "class Reader;\nstruct Line {\n};\n")
        self.write("mta/base/y.h", "class Reader {\n  struct Line {\n  };\n};\n")
        self.assertEqual(self.lines(), [])
        self.write("mta/base/y.h", "class Line final : public Reader {\n};\n")
        self.assertEqual(len(self.lines()), 1)
        self.assertIn("mta/base/y.h:1: Line: is also a class of mta/base/x.h", self.lines()[0])

    def test_orphan(self):
        self.write("mta/base/lost.cc", "int G();\n")
        self.assertIn("[orphan]", self.lines()[0])

    def test_a_test_may_have_its_source_by_name(self):
        self.write("mta/new/BUILD.bazel", 'mta_test(name = "x_test")')
        self.write("mta/new/x_test.cc", "int G();\n")
        self.write("mta/new/x.cc", "int G();\n")
        self.assertEqual([line.split(":")[0] for line in self.lines()], ["mta/new/x.cc"])

    def test_subfolder_of_a_package(self):
        self.write("mta/base/BUILD.bazel", 'mta_library(name = "x", hdrs = ["x.h", "in/z.h"])')
        self.write("mta/base/in/z.h", "int G();\n")
        self.assertEqual(self.lines(), [])

    def test_source_under_another_name(self):
        for name in ("a.cpp", "a.inc", "a.hpp", "a.c"):
            self.write("mta/base/" + name, "")
        self.assertEqual(len(self.lines()), 4)

    def test_symbolic_links(self):
        os.symlink("/tmp", os.path.join(self.root, "mta/base/elsewhere"))
        os.symlink("x.h", os.path.join(self.root, "mta/base/other.h"))
        self.assertEqual(len(self.lines()), 2)

    def test_plain_targets_do_not_check_headers(self):
        self.write("mta/base/BUILD.bazel", 'cc_library(name = "x", hdrs = ["x.h"])')
        self.assertEqual(self.lines(), ["mta/base/BUILD.bazel:1: cc_library: does not check that "
                                        "headers compile alone; use mta_library [header]"])

    def test_own_header_first(self):
        self.write("mta/base/BUILD.bazel", 'mta_library(srcs = ["x.cc"], hdrs = ["x.h"])')
        self.write("mta/base/x.cc", '#include "mta/base/x.h"\n#include <string>\n')
        self.assertEqual(self.lines(), [])
        self.write("mta/base/x.cc", '#include <string>\n#include "mta/base/x.h"\n')
        self.assertIn("[header]", self.lines()[0])
        self.write("mta/base/x.cc", "int F() { return 1; }\n")
        self.assertIn("[header]", self.lines()[0])


class RulesTest(unittest.TestCase):

    def test_names_of_rules(self):
        for word in [*rules.STD_WORDS.values(), *rules.ABSL_WORDS.values(),
                     *rules.FREE_WORDS.values()]:
            self.assertIn(word.rule, rules.NAMES)
            self.assertTrue(word.why and word.use)
        self.assertLessEqual(set(rules.SIMULATOR_RULES), set(rules.NAMES))
        for _, forbidden, _ in checks.LAYERS:
            self.assertTrue(forbidden.endswith("/"))


if __name__ == "__main__":
    unittest_main.main()
