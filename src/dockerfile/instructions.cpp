#include "dockerfile/instructions.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>

#include "davit/base/suggest.hpp"
#include "davit/base/units.hpp"
#include "davit/dockerfile/parser.hpp"
#include "dockerfile/flags.hpp"

namespace davit::dockerfile {
namespace {

namespace json = boost::json;
using Kind = FlagRule::Kind;

/// Thrown inside this file only, when the rest of an instruction makes no sense any more.
struct Mistake {
  Diagnostic diagnostic;
};

[[noreturn]] void fail(std::string code, std::string message, Span where) {
  throw Mistake{Diagnostic::error(std::move(code), std::move(message), std::move(where))};
}

/// Reads one instruction; each method makes one body.
class Reader {
 public:
  Reader(const LogicalLine& line, const Head& head, char escape, Diagnostics& diagnostics)
      : line_(line),
        keyword_(head.keyword),
        where_(head.keyword_at.span()),
        rest_(head.rest),
        escape_(escape),
        diagnostics_(diagnostics) {}

  Body read() {
    using Method = Body (Reader::*)();
    static const std::map<std::string, Method> methods{{"ADD", &Reader::read_add},
                                                       {"ARG", &Reader::read_arg},
                                                       {"CMD", &Reader::read_cmd},
                                                       {"COPY", &Reader::read_copy},
                                                       {"ENTRYPOINT", &Reader::read_entrypoint},
                                                       {"ENV", &Reader::read_env},
                                                       {"EXPOSE", &Reader::read_expose},
                                                       {"HEALTHCHECK", &Reader::read_health_check},
                                                       {"LABEL", &Reader::read_label},
                                                       {"MAINTAINER", &Reader::read_maintainer},
                                                       {"ONBUILD", &Reader::read_on_build},
                                                       {"RUN", &Reader::read_run},
                                                       {"SHELL", &Reader::read_shell},
                                                       {"STOPSIGNAL", &Reader::read_stop_signal},
                                                       {"USER", &Reader::read_user},
                                                       {"VOLUME", &Reader::read_volume},
                                                       {"WORKDIR", &Reader::read_workdir}};
    const auto method = methods.find(keyword_);
    if (method == methods.end()) unknown_instruction();
    return (this->*method->second)();
  }

  Stage read_stage() {
    const Flags flags = take({{"platform", Kind::Text}});
    const auto words = split_blanks(rest_);
    Stage stage;
    stage.where = where_;
    if (words.empty()) fail("missing-argument", "FROM needs an image", where_);
    if (words.size() == 2 && upper(words[1].text()) == "AS")
      fail("bad-from", "'AS' needs a name for the stage, such as 'FROM " + std::string(words[0].text()) + " AS build'",
           words[1].span());
    if (words.size() != 1 && words.size() != 3)
      fail("bad-from",
           "FROM takes 'IMAGE' or 'IMAGE AS NAME', but " + std::to_string(words.size()) + " words are given",
           words.size() > 1 ? words[1].span() : where_);
    stage.image = words[0].word();
    stage.platform = flags.text("platform");
    if (words.size() == 3) read_stage_name(words, stage);
    return stage;
  }

 private:
  [[noreturn]] void unknown_instruction() const {
    auto diagnostic = Diagnostic::error("unknown-instruction", "unknown instruction '" + keyword_ + "'", where_);
    if (const auto best = nearest(keyword_, instruction_names())) {
      diagnostic.with_hint("did you mean '" + *best + "'?");
    } else {
      diagnostic.note("instructions: " + join_names(instruction_names(), 20));
    }
    throw Mistake{std::move(diagnostic)};
  }

  Flags take(const std::vector<FlagRule>& rules) { return take_flags(rest_, escape_, keyword_, rules, diagnostics_); }

  void need_argument() const {
    if (rest_.empty()) fail("missing-argument", keyword_ + " needs at least one argument", where_);
  }

  static void read_stage_name(const std::vector<Slice>& words, Stage& stage) {
    if (upper(words[1].text()) != "AS")
      throw Mistake{
          Diagnostic::error("bad-from",
                            "'" + std::string(words[1].text()) + "' is not allowed here; FROM takes 'IMAGE AS NAME'",
                            words[1].span())
              .with_hint("did you mean 'FROM " + std::string(words[0].text()) + " AS " + std::string(words[2].text()) +
                         "'?")};
    stage.name = lower(words[2].text());
    stage.name_where = words[2].span();
    const bool begins_well = stage.name.front() >= 'a' && stage.name.front() <= 'z';
    const bool rest_well = std::all_of(stage.name.begin(), stage.name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!begins_well || !rest_well)
      fail("bad-stage-name",
           "stage name '" + stage.name +
               "' is not allowed: it starts with a letter and has letters, digits, '-', '_', '.'",
           stage.name_where);
  }

  /// The JSON form: an array of strings. nullopt when it is not JSON at all, which Docker takes as plain text.
  std::optional<std::vector<std::string>> json_form() const {
    const std::string_view text = rest_.text();
    if (!text.starts_with('[')) return std::nullopt;
    boost::system::error_code error;
    const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error || !value.is_array()) return std::nullopt;
    std::vector<std::string> out;
    for (const json::value& item : value.get_array()) {
      if (!item.is_string())
        fail("bad-json-form", "the JSON form of " + keyword_ + " takes strings only", rest_.span());
      out.emplace_back(item.get_string().c_str(), item.get_string().size());
    }
    return out;
  }

  Command command() {
    need_argument();
    if (auto args = json_form()) return {Command::Form::Exec, {}, *std::move(args)};
    if (rest_.text().starts_with('[') && rest_.text().ends_with(']'))
      diagnostics_.add(Diagnostic::warning("not-json",
                                           keyword_ + " looks like the JSON form but is not valid JSON: it is "
                                                      "run by the shell",
                                           rest_.span())
                           .with_hint("JSON strings take double quotes, and no comma follows the last one"));
    return {Command::Form::Shell, std::string(rest_.text()), {}};
  }

  /// JSON array or words between blanks.
  std::vector<Word> word_list() {
    need_argument();
    std::vector<Word> words;
    if (auto args = json_form()) {
      for (auto& arg : *args) words.push_back({std::move(arg), rest_.span()});
      if (words.empty()) need_more();
      return words;
    }
    for (const Slice& slice : split_blanks(rest_)) words.push_back(slice.word());
    return words;
  }

  [[noreturn]] void need_more() const { fail("missing-argument", keyword_ + " needs at least one argument", where_); }

  Word single_line() {
    take({});
    need_argument();
    return rest_.word();
  }

  Body read_run() {
    const Flags flags = take({{"mount", Kind::List},
                              {"network", Kind::Text},
                              {"security", Kind::Unsupported},
                              {"device", Kind::Unsupported}});
    Run run;
    run.mounts = flags.list("mount");
    for (const Word& mount : run.mounts) check_mount(mount);
    if (const auto network = flags.text("network")) {
      run.network = read_network(*network);
      run.network_where = network->where;
    }
    run.command = command();
    if (run.command.form == Command::Form::Exec && run.command.args.empty()) need_more();
    if (line_.heredocs.size() == 1 && split_quoted(rest_, escape_).size() == 1) {
      run.script = line_.heredocs.front();
      run.command.line.clear();
    } else if (!line_.heredocs.empty()) {
      run.command.line += "\n" + line_.heredoc_source;
    }
    return run;
  }

  void check_mount(const Word& mount) {
    if (has_variable_in_from(mount.text))
      diagnostics_.add(
          Diagnostic::error("variable-in-from", "'from' of a mount cannot have variables", mount.where)
              .with_hint("name a stage by a line such as 'FROM $IMAGE AS tools', and mount it with 'from=tools'"));
    if (mount.text.find('$') != std::string::npos) return;  // read after expansion
    auto parsed = parse_run_mount(mount.text, mount.where);
    if (!parsed) diagnostics_.add(parsed.error());
  }

  static Run::Network read_network(const Word& network) {
    if (network.text == "default") return Run::Network::Default;
    if (network.text == "none") return Run::Network::None;
    if (network.text == "host") return Run::Network::Host;
    fail("bad-flag", "network '" + network.text + "' is not known; it can be default, none or host", network.where);
  }

  Body read_copy() {
    const Flags flags = take({{"from", Kind::Text},
                              {"chown", Kind::Text},
                              {"chmod", Kind::Text},
                              {"link", Kind::Boolean},
                              {"parents", Kind::Boolean},
                              {"exclude", Kind::List}});
    Copy copy = copy_body(flags);
    copy.from = flags.text("from");
    if (copy.from && copy.from->text.find('$') != std::string::npos)
      fail("variable-in-from", "--from cannot have variables", copy.from->where);
    copy.parents = flags.boolean("parents", false);
    for (const Word& source : copy.sources)
      if (is_remote(source.text)) fail("remote-copy", "COPY cannot take a URL: '" + source.text + "'", source.where);
    return copy;
  }

  Body read_add() {
    const Flags flags = take({{"chown", Kind::Text},
                              {"chmod", Kind::Text},
                              {"link", Kind::Boolean},
                              {"exclude", Kind::List},
                              {"unpack", Kind::Boolean},
                              {"keep-git-dir", Kind::Unsupported},
                              {"checksum", Kind::Unsupported}});
    Copy copy = copy_body(flags);
    copy.kind = Copy::Kind::Add;
    copy.unpack = flags.boolean("unpack", true);
    for (const Word& source : copy.sources)
      if (is_remote(source.text))
        fail("not-supported", "ADD from a URL or a git repository is not supported yet: '" + source.text + "'",
             source.where);
    return copy;
  }

  static bool is_remote(std::string_view source) {
    for (const std::string_view scheme : {"http://", "https://", "git://", "ssh://", "git@"})
      if (source.starts_with(scheme)) return true;
    return false;
  }

  Copy copy_body(const Flags& flags) {
    Copy copy;
    copy.chown = flags.text("chown");
    copy.chmod = flags.text("chmod");
    copy.link = flags.boolean("link", false);
    copy.excludes = flags.list("exclude");
    auto words = word_list();
    if (words.size() < 2)
      fail("missing-argument", keyword_ + " needs at least two arguments: what and where to", words.front().where);
    copy.destination = std::move(words.back());
    words.pop_back();
    copy.files = line_.heredocs;
    for (const Heredoc& file : copy.files) {
      if (file.where == copy.destination.where)
        fail("bad-heredoc", "the destination of " + keyword_ + " cannot be a heredoc", file.where);
      std::erase_if(words, [&](const Word& word) { return word.where == file.where; });
    }
    copy.sources = std::move(words);
    return copy;
  }

  std::vector<KeyValue> pairs() {
    take({});
    need_argument();
    const auto words = split_quoted(rest_, escape_);
    if (words.front().text().find('=') == std::string_view::npos) return {legacy_pair()};
    std::vector<KeyValue> out;
    for (const Slice& word : words) {
      const std::size_t equals = word.text().find('=');
      if (equals == std::string_view::npos)
        fail("bad-pair", "'" + std::string(word.text()) + "' has no '='; " + keyword_ + " takes NAME=VALUE",
             word.span());
      out.push_back(split_pair(word, equals));
    }
    return out;
  }

  KeyValue split_pair(const Slice& word, std::size_t equals) const {
    const Slice key{word.line, word.begin, word.begin + equals};
    const Slice value{word.line, word.begin + equals + 1, word.end};
    if (key.empty()) fail("bad-pair", keyword_ + " needs a name before '='", word.span());
    return {key.word(), value.word()};
  }

  /// `ENV KEY the rest of the line`.
  KeyValue legacy_pair() const {
    Slice rest = rest_;
    const Slice key = take_word(rest);
    if (rest.empty()) fail("bad-pair", keyword_ + " '" + std::string(key.text()) + "' has no value", key.span());
    return {key.word(), rest.word()};
  }

  Body read_env() { return Env{pairs()}; }
  Body read_label() { return Label{pairs()}; }

  Body read_arg() {
    take({});
    need_argument();
    Arg arg;
    for (const Slice& word : split_quoted(rest_, escape_)) {
      const std::size_t equals = word.text().find('=');
      if (equals == std::string_view::npos) {
        arg.names.push_back({word.word(), std::nullopt});
      } else {
        auto pair = split_pair(word, equals);
        arg.names.push_back({std::move(pair.key), std::move(pair.value)});
      }
    }
    return arg;
  }

  Body read_workdir() { return Workdir{single_line()}; }
  Body read_user() { return User{single_line()}; }
  Body read_stop_signal() { return StopSignal{single_line()}; }
  Body read_maintainer() {
    diagnostics_.add(Diagnostic::warning("maintainer-deprecated", "MAINTAINER is deprecated", where_)
                         .with_hint("write LABEL org.opencontainers.image.authors=…"));
    return Maintainer{single_line().text};
  }

  Body read_cmd() {
    take({});
    return Cmd{command()};
  }
  Body read_entrypoint() {
    take({});
    return Entrypoint{command()};
  }
  Body read_expose() {
    take({});
    need_argument();
    Expose expose;
    for (const Slice& word : split_blanks(rest_)) expose.ports.push_back(word.word());
    return expose;
  }
  Body read_volume() {
    take({});
    Volume volume{word_list()};
    for (const Word& path : volume.paths)
      if (path.text.find_first_not_of(" \t") == std::string::npos)
        fail("bad-volume", "VOLUME has an empty path", path.where);
    return volume;
  }

  Body read_shell() {
    take({});
    need_argument();
    auto args = json_form();
    if (!args || args->empty())
      throw Mistake{Diagnostic::error("bad-shell", "SHELL takes the JSON form only", rest_.span())
                        .with_hint("write SHELL [\"/bin/bash\", \"-c\"]")};
    return Shell{*std::move(args)};
  }

  Body read_health_check() {
    const Flags flags = take({{"interval", Kind::Text},
                              {"timeout", Kind::Text},
                              {"start-period", Kind::Text},
                              {"start-interval", Kind::Text},
                              {"retries", Kind::Text}});
    need_argument();
    HealthCheck check;
    check.interval = duration(flags, "interval");
    check.timeout = duration(flags, "timeout");
    check.start_period = duration(flags, "start-period");
    check.start_interval = duration(flags, "start-interval");
    check.retries = retries(flags);
    const Slice type = take_word(rest_);
    if (upper(type.text()) == "NONE") {
      if (!rest_.empty()) fail("bad-healthcheck", "HEALTHCHECK NONE takes no arguments", rest_.span());
      check.test = {"NONE"};
      return check;
    }
    if (upper(type.text()) != "CMD")
      fail("bad-healthcheck", "HEALTHCHECK takes CMD or NONE, not '" + std::string(type.text()) + "'", type.span());
    Command test = command();
    if (test.form == Command::Form::Shell) {
      check.test = {"CMD-SHELL", std::move(test.line)};
    } else {
      if (test.args.empty()) need_more();
      check.test = std::move(test.args);
      check.test.insert(check.test.begin(), "CMD");
    }
    return check;
  }

  static std::chrono::nanoseconds duration(const Flags& flags, const std::string& name) {
    const auto word = flags.text(name);
    if (!word) return std::chrono::nanoseconds{0};
    auto parsed = parse_duration(word->text);
    if (!parsed) fail("bad-duration", parsed.error(), word->where);
    if (*parsed != std::chrono::nanoseconds{0} && *parsed < std::chrono::milliseconds{1})
      fail("bad-duration", "--" + name + " is '" + word->text + "'; at least 1ms is needed", word->where);
    return *parsed;
  }

  static int retries(const Flags& flags) {
    const auto word = flags.text("retries");
    if (!word) return 0;
    int value = -1;
    const std::string& text = word->text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0)
      fail("bad-retries", "--retries takes a number from 0, not '" + text + "'", word->where);
    return value;
  }

  Body read_on_build() {
    take({});
    need_argument();
    Slice rest = rest_;
    const Slice keyword = take_word(rest);
    const Head head{upper(keyword.text()), keyword, rest};
    for (const std::string_view forbidden : {"ONBUILD", "FROM", "MAINTAINER"})
      if (head.keyword == forbidden) fail("bad-onbuild", "ONBUILD cannot trigger " + head.keyword, keyword.span());
    Reader(line_, head, escape_, diagnostics_).read();
    std::string text(rest_.text());
    if (!line_.heredocs.empty()) text += "\n" + line_.heredoc_source;
    return OnBuild{std::move(text)};
  }

  const LogicalLine& line_;
  std::string keyword_;
  Span where_;
  Slice rest_;
  char escape_;
  Diagnostics& diagnostics_;
};

}  // namespace

Head read_head(const LogicalLine& line) {
  Slice rest{&line, 0, line.text().size()};
  Head head;
  head.keyword_at = take_word(rest);
  head.keyword = upper(head.keyword_at.text());
  head.rest = rest;
  return head;
}

std::optional<Instruction> read_instruction(const LogicalLine& line, const Head& head, char escape,
                                            Diagnostics& diagnostics) {
  try {
    Instruction instruction;
    instruction.keyword = head.keyword;
    instruction.where = head.keyword_at.span();
    const Slice whole = Slice{&line, 0, line.text().size()}.trimmed();
    instruction.text = std::string(whole.text());
    instruction.body = Reader(line, head, escape, diagnostics).read();
    return instruction;
  } catch (Mistake& mistake) {
    diagnostics.add(std::move(mistake.diagnostic));
    return std::nullopt;
  }
}

std::optional<Stage> read_from(const LogicalLine& line, const Head& head, char escape, Diagnostics& diagnostics) {
  try {
    Stage stage = Reader(line, head, escape, diagnostics).read_stage();
    stage.text = std::string(Slice{&line, 0, line.text().size()}.trimmed().text());
    return stage;
  } catch (Mistake& mistake) {
    diagnostics.add(std::move(mistake.diagnostic));
    return std::nullopt;
  }
}

}  // namespace davit::dockerfile
