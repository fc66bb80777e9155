"""The BUILD macros of this repository; all of them are here.

    mta_library     one concept: its header, its source
    mta_test        a GoogleTest of one or more concepts
    mta_benchmark   a Google Benchmark, built and run by hand
    mta_fuzz        a libFuzzer target, and a plain test that replays its corpus
    mta_proto       C++ of a .proto file
    python_test     a Python unittest of a tool
    scenario_test   replays one scenario in the simulator
    probe_sites     C++ source that lists the probes of programs

Targets are private unless they say `visibility`. Include paths start at the workspace root.
"""

# Programs are run as a plain build makes them, so libraries are optimised there too; it costs a tenth
# of the compile time. `-c dbg` is for stepping through them.
_OPTIMISED = select({
    "//tools/build:fastbuild": ["-O2"],
    "//conditions:default": [],
})

def _stem(file):
    return file.rsplit("/", 1)[-1].rsplit(":", 1)[-1].rsplit(".", 1)[0]

def _prove_headers(name, srcs, hdrs, deps, tags, copts):
    """Compiles every header that no source file of its name proves, in NAME_headers.

    `x.cc` includes `x.h` first (the lint sees to that), so it proves that `x.h` compiles alone.
    Any other header gets a source file of one line.
    """
    proved = [_stem(src) for src in srcs if src.endswith(".cc")]
    private = [src for src in srcs if src.endswith(".h")]
    sources = []
    for header in hdrs + private:
        if _stem(header) in proved:
            continue
        source = name + "_headers/" + _stem(header) + ".cc"
        sources.append(source)
        native.genrule(
            name = name + "_headers_" + _stem(header),
            outs = [source],
            cmd = "echo '#include \"%s/%s\"' > $@" % (
                native.package_name(),
                header.rsplit(":", 1)[-1],
            ),
            tags = tags,
            visibility = ["//visibility:private"],
        )
    if sources:
        native.cc_library(
            name = name + "_headers",
            testonly = True,
            srcs = sources + private,
            copts = copts,
            tags = tags,
            visibility = ["//visibility:private"],
            deps = deps,
        )

def mta_library(name, srcs = [], hdrs = [], deps = [], **kwargs):
    """One concept: a cc_library whose every header is known to compile alone.

    Args:
      name: usually the stem of the header.
      srcs: source files, and headers for this library only.
      hdrs: headers; what others may include.
      deps: every target whose headers are included here; layering_check refuses others.
      **kwargs: as cc_library (visibility, testonly, ...).
    """
    copts = kwargs.pop("copts", [])
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = copts + _OPTIMISED,
        deps = deps,
        **kwargs
    )
    _prove_headers(
        name,
        srcs,
        hdrs,
        [":" + name] + deps,
        kwargs.get("tags", []),
        copts,
    )

def mta_test(name, srcs = None, deps = [], root = False, size = "small", tags = [], **kwargs):
    """A GoogleTest; `./tools/test` counts its cases one by one.

    Args:
      name: ends in _test.
      srcs: by default [NAME.cc].
      deps: what the test includes; GoogleTest and its main come by themselves.
      root: the test needs other users or namespaces. Bazel's sandbox has only uid 0, so it runs
        outside of it, and only when `./tools/test` is run by root.
      size: as cc_test; sets the time limit.
      tags: as cc_test.
      **kwargs: as cc_test (data, shard_count, ...).
    """
    srcs = srcs or [name + ".cc"]
    deps = deps + ["@googletest//:gtest_main"]
    native.cc_test(
        name = name,
        srcs = srcs,
        deps = deps,
        size = size,
        tags = tags + (["local", "root"] if root else []),
        **kwargs
    )
    _prove_headers(name, srcs, [], deps, tags, kwargs.get("copts", []))

def mta_benchmark(name, srcs = None, deps = [], tags = [], **kwargs):
    """A Google Benchmark: `bazel run -c opt //mta/async:task_benchmark`.

    Args:
      name: ends in _benchmark.
      srcs: by default [NAME.cc].
      deps: what it includes; Google Benchmark and its main come by themselves.
      tags: as cc_binary. It is `manual`: built only when named.
      **kwargs: as cc_binary.
    """
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = srcs or [name + ".cc"],
        tags = tags + ["manual"],
        deps = deps + ["@benchmark//:benchmark_main"],
        **kwargs
    )

def mta_fuzz(name, srcs = None, deps = [], dictionary = None, corpus = None):
    """A fuzz target, and NAME_corpus_test, which replays its corpus in every test run.

    Fuzz with `./tools/fuzz NAME` (or `bazel build --config=fuzz //fuzz:NAME`).

    Args:
      name: of the libFuzzer binary; ends in _fuzz.
      srcs: define LLVMFuzzerTestOneInput; by default [NAME.cc].
      deps: what they include.
      dictionary: libFuzzer dictionary; by default NAME.dict.
      corpus: folder of seed inputs, one file each; by default NAME_corpus.
    """
    corpus = corpus or name + "_corpus"
    inputs = native.glob([corpus + "/**"], allow_empty = False)
    native.cc_library(
        name = name + "_target",
        testonly = True,
        srcs = srcs or [name + ".cc"],
        alwayslink = True,
        visibility = ["//visibility:private"],
        deps = deps,
    )
    native.cc_binary(
        name = name,
        testonly = True,
        data = inputs + [dictionary or name + ".dict"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name + "_target"],
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        args = [native.package_name() + "/" + corpus],
        data = inputs,
        deps = [
            ":" + name + "_target",
            "//fuzz:corpus_main",
        ],
    )

def mta_proto(name, src, deps = [], **kwargs):
    """C++ of one .proto file: `#include "PACKAGE/FILE.pb.h"`.

    In the .proto file, imports are written from the workspace root.

    Args:
      name: of the cc_library; ends in _proto.
      src: the .proto file.
      deps: mta_proto targets of the imported files, each written with its name (`//a/b:c_proto`).
      **kwargs: as cc_library (visibility, ...).
    """
    stem = src.rsplit(".", 1)[0]
    native.filegroup(
        name = name + "_source",
        srcs = [src] + [dep + "_source" for dep in deps],
        visibility = kwargs.get("visibility", ["//visibility:private"]),
    )
    native.genrule(
        name = name + "_code",
        srcs = [
            src,
            ":" + name + "_source",
        ],
        outs = [
            stem + ".pb.h",
            stem + ".pb.cc",
        ],
        cmd = "protoc --proto_path=. --cpp_out=$(GENDIR) $(location %s)" % src,
        visibility = ["//visibility:private"],
    )
    native.cc_library(
        name = name,
        srcs = [stem + ".pb.cc"],
        hdrs = [stem + ".pb.h"],
        copts = ["-w"],  # Generated code is not ours to keep clean.
        deps = deps + ["@protobuf"],
        **kwargs
    )

def python_test(name, main = None, data = [], size = "small", **kwargs):
    """A Python test of a tool, with imports from the workspace root (`from tools.lib import x`).

    Not py_test: Bazel 4.2 starts `python`, and Debian has `python3`. It ends with
    `unittest_main.main()` of tools/lib, which counts its cases one by one.

    Args:
      name: of the test.
      main: an executable file that begins with #!/usr/bin/env python3; by default NAME.py.
      data: what it imports and reads.
      size: as sh_test.
      **kwargs: as sh_test (tags, args, ...).
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = [main or name + ".py"],
        data = data + ["//tools/lib:unittest_main.py"],
        env = {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": ".",
        },
        **kwargs
    )

def scenario_test(name, scenario = None, mc = None, args = [], data = [], size = "small", **kwargs):
    """Replays one scenario in the simulator; one test case.

    Args:
      name: of the test.
      scenario: the file; by default NAME.textproto.
      mc: its mc_file, if it has one; the m4 library comes with it.
      args: options of `stagepost replay`, such as ["--seed=7"].
      data: files that the scenario names (configurations, messages).
      size: as sh_test.
      **kwargs: as sh_test (tags, ...).
    """
    scenario = scenario or name + ".textproto"
    if mc:
        data = data + [mc, "@sendmail_deb//:cf_tree"]
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tools/build:replay_scenario.sh"],
        args = ["$(location //tools:stagepost)", "replay"] + args + ["$(location %s)" % scenario],
        data = [
            scenario,
            "//tools:stagepost",
        ] + data,
        **kwargs
    )

_ProbeSources = provider(fields = ["files"])

def _probe_sources_impl(target, ctx):
    files = []
    for attribute in ["srcs", "hdrs"]:
        for source in getattr(ctx.rule.attr, attribute, []):
            files += [file for file in source.files.to_list() if file.is_source]
    return [_ProbeSources(files = depset(
        [file for file in files if file.path.startswith("mta/")],
        transitive = [
            dep[_ProbeSources].files
            for dep in getattr(ctx.rule.attr, "deps", [])
            if _ProbeSources in dep
        ],
    ))]

_probe_sources = aspect(implementation = _probe_sources_impl, attr_aspects = ["deps"])

def _probe_sites_impl(ctx):
    files = depset(transitive = [target[_ProbeSources].files for target in ctx.attr.programs])
    ctx.actions.run_shell(
        inputs = files,
        outputs = [ctx.outputs.out],
        arguments = [ctx.outputs.out.path, ctx.attr.header] + [f.path for f in files.to_list()],
        command = """
out=$1 header=$2
shift 2
{
  echo "#include \\"$header\\""
  echo "namespace stagepost {"
  echo "std::vector<absl::string_view> ProbeSites() {"
  echo "  return {"
  cat "$@" | sed 's@^ *//.*@@' | tr '\\n' ' ' |
    grep -oE '[.>](Reached|Buggify)\\( *"([^"\\\\]|\\\\.)*" *\\)' |
    sed -E 's/^[^"]*//; s/ *\\)$/,/' | LC_ALL=C sort -u
  echo "  };"
  echo "}"
  echo "}  // namespace stagepost"
} > "$out"
""",
        mnemonic = "ProbeSites",
    )

probe_sites = rule(
    doc = "C++ source of ProbeSites(): every Reached() and Buggify() site under mta/ that is part " +
          "of the programs.",
    implementation = _probe_sites_impl,
    attrs = {
        "header": attr.string(mandatory = True, doc = "what declares ProbeSites()"),
        "out": attr.output(mandatory = True),
        "programs": attr.label_list(mandatory = True, aspects = [_probe_sources]),
    },
)
