#pragma once
// A Dockerfile as typed values. Text is as written (variables not expanded, quotes kept) unless a field says otherwise;
// every word knows its place, so that a failure minutes later can still point at it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/base/span.hpp"
#include "davit/dockerfile/checks.hpp"

namespace davit::dockerfile {

/// One argument as written, and where.
struct Word {
  std::string text;
  Span where;
};

/// A `<<NAME` document of RUN, COPY or ADD.
struct Heredoc {
  std::string name;     ///< the delimiter without quotes: the file name in COPY
  std::string content;  ///< the body with its line ends; leading tabs already gone for `<<-`
  bool expand = true;   ///< false when the delimiter is quoted
  bool strip_tabs = false;
  Span where;  ///< the `<<NAME` word
};

/// The argument of RUN, CMD, ENTRYPOINT: a line for the shell, or a list of strings.
struct Command {
  enum class Form { Shell, Exec };
  Form form = Form::Shell;
  std::string line;               ///< Shell: the text, continuation lines joined
  std::vector<std::string> args;  ///< Exec: the JSON array
};

/// What `--mount=` of RUN asks for.
struct RunMount {
  enum class Type { Bind, Cache, Tmpfs, Secret };
  enum class Sharing { Shared, Private, Locked };
  Type type = Type::Bind;
  std::string from;    ///< stage or image; empty = the build context (bind) or nothing (cache)
  std::string source;  ///< below `from`; empty = "/"
  std::string target;
  std::string id;
  Sharing sharing = Sharing::Shared;
  std::optional<std::int64_t> size;  ///< tmpfs, bytes
  std::optional<std::uint32_t> mode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  bool writable = false;
  bool required = false;
  std::string env;  ///< secret: the variable instead of a file
};

struct Run {
  enum class Network { Default, None, Host };
  Command command;                ///< a line keeps its heredocs, bodies and all, for the shell to read
  std::optional<Heredoc> script;  ///< `RUN <<EOF` alone: the body is the script, and `command` is empty
  std::vector<Word> mounts;       ///< raw text of each --mount: expanded, then read by parse_run_mount
  Network network = Network::Default;
  std::optional<Span> network_where;  ///< the value of --network
};

/// COPY and ADD.
struct Copy {
  enum class Kind { Copy, Add };
  Kind kind = Kind::Copy;
  std::vector<Word> sources;
  std::vector<Heredoc> files;  ///< sources given as heredocs
  Word destination;
  std::optional<Word> from;
  std::optional<Word> chown;
  std::optional<Word> chmod;
  std::vector<Word> excludes;
  bool link = false;     ///< accepted; the result is the same here
  bool parents = false;  ///< keep the whole source path below the destination
  bool unpack = true;    ///< ADD: extract local tar archives
};

struct KeyValue {
  Word key;
  Word value;
};
struct Env {
  std::vector<KeyValue> pairs;
};
struct Label {
  std::vector<KeyValue> pairs;
};

struct ArgDeclaration {
  Word name;
  std::optional<Word> fallback;
};
struct Arg {
  std::vector<ArgDeclaration> names;
};

struct Workdir {
  Word path;
};
struct User {
  Word name;
};
struct Cmd {
  Command command;
};
struct Entrypoint {
  Command command;
};
struct Expose {
  std::vector<Word> ports;
};
struct Volume {
  std::vector<Word> paths;
};
struct Shell {
  std::vector<std::string> args;
};
struct StopSignal {
  Word signal;
};
struct Maintainer {
  std::string name;
};

struct HealthCheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", line}
  std::chrono::nanoseconds interval{0};
  std::chrono::nanoseconds timeout{0};
  std::chrono::nanoseconds start_period{0};
  std::chrono::nanoseconds start_interval{0};
  int retries = 0;  ///< zero, here and above: not given
};

/// The text of the instruction to run in a child build, heredocs kept. It has been read once, so it is well formed.
struct OnBuild {
  std::string text;
};

using Body = std::variant<Arg, Env, Label, Run, Copy, Workdir, User, Cmd, Entrypoint, Expose, Volume, Shell, StopSignal,
                          Maintainer, HealthCheck, OnBuild>;

struct Instruction {
  std::string keyword;  ///< upper case
  std::string text;  ///< the whole instruction on one line as written, without heredoc bodies: for progress and history
  Span where;        ///< the keyword
  Body body;
};

/// From one FROM to the next.
struct Stage {
  Word image;  ///< as written
  std::optional<Word> platform;
  std::string name;  ///< of `AS name`, lower case; empty when there is none
  Span name_where;
  Span where;        ///< the FROM keyword
  std::string text;  ///< the FROM line
  std::vector<Instruction> instructions;
};

struct Dockerfile {
  std::vector<Arg> global_args;  ///< before the first FROM, in order
  std::vector<Stage> stages;     ///< at least one
  char escape = '\\';
  std::vector<Diagnostic> warnings;
  Checks checks;  ///< `# check=…`; not applied to the warnings yet
};

}  // namespace davit::dockerfile
