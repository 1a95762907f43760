// Phase: variables. Values only, never keys. Attributes that are numbers or booleans are cast, so that "${PORT}" can
// stand where a number is asked for.

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "davit/base/units.hpp"
#include "limits.hpp"
#include "path_rules.hpp"
#include "phases.hpp"

namespace davit::compose {
namespace {

using yaml::Kind;
using yaml::Node;

enum class Cast { Int, Float, Boolean };

const PathRules<Cast>& casts() {
  static const PathRules<Cast> kCasts{
      {"services.*.cpu_count", Cast::Int},
      {"services.*.cpu_percent", Cast::Float},
      {"services.*.cpu_period", Cast::Int},
      {"services.*.cpu_quota", Cast::Int},
      {"services.*.cpu_rt_period", Cast::Int},
      {"services.*.cpu_rt_runtime", Cast::Int},
      {"services.*.cpus", Cast::Float},
      {"services.*.cpu_shares", Cast::Int},
      {"services.*.init", Cast::Boolean},
      {"services.*.depends_on.*.required", Cast::Boolean},
      {"services.*.depends_on.*.restart", Cast::Boolean},
      {"services.*.deploy.replicas", Cast::Int},
      {"services.*.deploy.update_config.parallelism", Cast::Int},
      {"services.*.deploy.update_config.max_failure_ratio", Cast::Float},
      {"services.*.deploy.rollback_config.parallelism", Cast::Int},
      {"services.*.deploy.rollback_config.max_failure_ratio", Cast::Float},
      {"services.*.deploy.restart_policy.max_attempts", Cast::Int},
      {"services.*.deploy.placement.max_replicas_per_node", Cast::Int},
      {"services.*.healthcheck.retries", Cast::Int},
      {"services.*.healthcheck.disable", Cast::Boolean},
      {"services.*.oom_kill_disable", Cast::Boolean},
      {"services.*.oom_score_adj", Cast::Int},
      {"services.*.pids_limit", Cast::Int},
      {"services.*.ports.[].target", Cast::Int},
      {"services.*.privileged", Cast::Boolean},
      {"services.*.read_only", Cast::Boolean},
      {"services.*.scale", Cast::Int},
      {"services.*.stdin_open", Cast::Boolean},
      {"services.*.tty", Cast::Boolean},
      {"services.*.ulimits.*", Cast::Int},
      {"services.*.ulimits.*.hard", Cast::Int},
      {"services.*.ulimits.*.soft", Cast::Int},
      {"services.*.volumes.[].read_only", Cast::Boolean},
      {"services.*.volumes.[].volume.nocopy", Cast::Boolean},
      {"networks.*.external", Cast::Boolean},
      {"networks.*.internal", Cast::Boolean},
      {"networks.*.attachable", Cast::Boolean},
      {"networks.*.enable_ipv4", Cast::Boolean},
      {"networks.*.enable_ipv6", Cast::Boolean},
      {"volumes.*.external", Cast::Boolean},
      {"secrets.*.external", Cast::Boolean},
      {"configs.*.external", Cast::Boolean},
  };
  return kCasts;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::find(words.begin(), words.end(), lower) != words.end();
}

class TreeInterpolator {
 public:
  TreeInterpolator(const Lookup& lookup, Missing missing, Diagnostics& diagnostics, const Tracking* tracking)
      : lookup_(missing == Missing::IsUnset ? lookup : noting(lookup)),
        diagnostics_(diagnostics),
        tracking_(tracking) {}

  /// `name` is the key under which the value stands.
  void walk(Node& node, const PathRules<Cast>::Step* step, std::string_view name) {
    for (yaml::Entry& entry : node.entries) walk(entry.value, below(step, entry.key), entry.key);
    for (Node& item : node.items) walk(item, below(step, "[]"), name);
    if (!node.is_string()) return;
    if (node.text.find('$') != std::string::npos && !replace(node)) return;
    if (step != nullptr && step->rule()) cast(node, *step->rule(), name);
  }

 private:
  /// Remembers that a variable is not set.
  Lookup noting(const Lookup& lookup) {
    return [this, &lookup](std::string_view name) {
      auto value = lookup(name);
      if (!value) missed_ = true;
      return value;
    };
  }

  /// The part of a scalar's span that an offset in its text stands for; the whole span when that cannot be told.
  static Span inside(const Node& node, std::size_t offset, std::size_t length) {
    const Span& span = node.span;
    const std::size_t quotes = node.quoted ? 2 : 0;
    const bool one_line =
        span.begin.line == span.end.line && span.end.column - span.begin.column == node.text.size() + quotes;
    if (!one_line) return span;
    Span part = span;
    part.begin.column += static_cast<std::uint32_t>(offset + quotes / 2);
    part.end.column = part.begin.column + static_cast<std::uint32_t>(length);
    return part;
  }

  bool replace(Node& node) {
    std::vector<UnsetVariable> unset;
    std::vector<ReplacedVariable> replaced;
    missed_ = false;
    auto value = interpolate(node.text, lookup_, &unset, tracking_ == nullptr ? nullptr : &replaced);
    if (missed_ && (value || value.error().kind == InterpolationError::Kind::Required)) {
      node.faulty = true;
      return false;
    }
    for (const ReplacedVariable& variable : replaced) tracking_->replaced(node, variable);
    for (const UnsetVariable& variable : unset)
      if (warned_.insert(variable.name).second) {
        diagnostics_.add(
            Diagnostic::warning("unset-variable",
                                "the variable '" + variable.name + "' is not set, an empty string takes its place",
                                inside(node, variable.offset, variable.length))
                .with_hint("set it in the environment or in .env, or write '${" + variable.name + ":-default}'"));
      }
    if (value && text_.take(value->size() > node.text.size() ? value->size() - node.text.size() : 0)) {
      node.text = std::move(*value);
      return true;
    }
    if (!value) report(node, value.error());
    if (text_.report()) report_too_long(node.span);
    node.faulty = true;
    return false;
  }

  void report_too_long(const Span& where) {
    diagnostics_.add(
        Diagnostic::error("load-limit",
                          "variables put more than " + std::to_string(kMostText >> 20U) + " MB of text into this file",
                          where)
            .with_hint("large values belong into files: see 'env_file', 'configs' and volumes"));
  }

  void report(const Node& node, const InterpolationError& problem) {
    const Span where = inside(node, problem.offset, problem.length);
    if (problem.kind == InterpolationError::Kind::TooLong) return report_too_long(where);
    if (problem.kind == InterpolationError::Kind::Required) {
      diagnostics_.add(Diagnostic::error("required-variable",
                                         "the required variable '" + problem.variable + "' is missing a value" +
                                             (problem.reason.empty() ? "" : ": " + problem.reason),
                                         where)
                           .with_hint("set it in the environment or in .env"));
      return;
    }
    if (problem.kind == InterpolationError::Kind::Unclosed) {
      diagnostics_.add(Diagnostic::error("variable-syntax",
                                         "the variable expression '" +
                                             shorten(node.text.substr(problem.offset, problem.length)) +
                                             "' is never closed",
                                         where)
                           .with_hint("every '${' needs a '}' in its line; write '$$' for a dollar sign"));
      return;
    }
    diagnostics_.add(
        Diagnostic::error("variable-syntax",
                          "invalid variable expression '" +
                              shorten(node.text.substr(problem.offset, std::max<std::size_t>(problem.length, 1))) +
                              "' in the value '" + shorten(node.text) + "'",
                          where)
            .note("allowed are $NAME, ${NAME}, and ${NAME…} with one of :- - :? ? :+ +")
            .with_hint("write '$$' for a dollar sign"));
  }

  static std::string shorten(const std::string& text) {
    const std::string line = text.substr(0, text.find('\n'));
    if (line.size() <= 60) return line;
    std::size_t end = 57;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
    return line.substr(0, end) + "…";
  }

  void cast(Node& node, Cast to, std::string_view name) {
    Node typed = node;
    if (to == Cast::Boolean) {
      const auto value = parse_boolean(node.text);
      if (value && !one_of(node.text, {"true", "false"}))
        diagnostics_.add(
            Diagnostic::warning("boolean-word", "'" + node.text + "' is a word, not a boolean, in YAML 1.2", node.span)
                .with_hint(std::string("write '") + (*value ? "true" : "false") + "'"));
      if (value) {
        typed = Node::boolean(*value, node);
      } else {
        return fail(node, name, "'true' or 'false'");
      }
    } else {
      const auto integer = to == Cast::Int ? decimal(node.text) : std::nullopt;
      const auto number = to == Cast::Float ? parse_number(node.text) : std::nullopt;
      if (!integer && !number)
        return fail(node, name, to == Cast::Int ? "an integer, such as 2" : "a number, such as 0.5");
      typed = integer ? Node::integer(*integer, node) : Node::number(*number, node);
    }
    typed.tag = node.tag;
    typed.quoted = false;
    node = std::move(typed);
  }

  /// Always to base 10: a 0 at the front means nothing in text.
  static std::optional<std::int64_t> decimal(std::string_view text) {
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return text.empty() || error != std::errc{} || end != text.data() + text.size() ? std::nullopt
                                                                                    : std::optional(value);
  }

  void fail(Node& node, std::string_view name, std::string_view wanted) {
    node.faulty = true;
    diagnostics_.add(Diagnostic::error("cast",
                                       "'" + std::string(name) + "' must be " + std::string(wanted) + ", found " +
                                           (node.text.empty() ? "an empty string" : "'" + node.text + "'"),
                                       node.span));
  }

  Lookup lookup_;
  bool missed_ = false;  ///< set by noting()
  Diagnostics& diagnostics_;
  const Tracking* tracking_;
  std::unordered_set<std::string> warned_;
  Budget text_{kMostText};  ///< what the values of variables add to this document
};

}  // namespace

Lookup lookup_in(const Environment& environment) {
  return [&environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (one_of(text, {"true", "y", "yes", "on"})) return true;
  if (one_of(text, {"false", "n", "no", "off"})) return false;
  return std::nullopt;
}

void interpolate_tree(Node& document, const Lookup& lookup, Missing missing, Diagnostics& diagnostics,
                      const Tracking* tracking) {
  TreeInterpolator(lookup, missing, diagnostics, tracking).walk(document, casts().root(), {});
}

Span place_of(const Node& map, std::string_view key) {
  const yaml::Entry* entry = map.find_entry(key);
  if (entry == nullptr) return map.span;
  return entry->key_span.known() ? entry->key_span : entry->value.span;
}

}  // namespace davit::compose
