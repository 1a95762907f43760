// `RUN --mount=type=cache,target=/root/.cache`: comma separated key=value.

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

#include "davit/base/suggest.hpp"
#include "davit/base/units.hpp"
#include "davit/dockerfile/parser.hpp"
#include "dockerfile/instructions.hpp"
#include "dockerfile/words.hpp"

namespace davit::dockerfile {
namespace {

using Type = RunMount::Type;

constexpr std::uint32_t kLargestId = 0x7fffffff;

Diagnostic bad_mount(std::string message, const Span& where) {
  return Diagnostic::error("bad-mount", std::move(message), where);
}

/// Splits at commas; double quotes keep one together (RFC 4180).
std::vector<std::string> split_fields(std::string_view text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::optional<std::uint32_t> number(const std::string& text, int base) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys{"type",     "from", "source",    "src", "target",   "dst",  "destination",
                                             "readonly", "ro",   "readwrite", "rw",  "required", "size", "id",
                                             "sharing",  "mode", "uid",       "gid", "env"};
  return keys;
}

class MountReader {
 public:
  explicit MountReader(const Span& where) : where_(where) {}

  std::optional<Diagnostic> read(const std::string& field) {
    const std::size_t equals = field.find('=');
    const std::string key = lower(field.substr(0, equals));
    const bool bare = equals == std::string::npos;
    const std::string value = bare ? std::string() : field.substr(equals + 1);
    const bool flag = key == "ro" || key == "readonly" || key == "rw" || key == "readwrite" || key == "required";
    if (bare && !flag) {
      if (std::find(known_keys().begin(), known_keys().end(), key) == known_keys().end()) return unknown(key);
      return bad_mount("mount option '" + key + "' needs a value", where_);
    }
    if (flag) return read_flag(key, bare ? "true" : lower(value));
    return read_value(key, value);
  }

  Result<RunMount> finish() {
    if (!given_type_) mount_.type = Type::Bind;
    if (!writable_) writable_ = mount_.type == Type::Cache || mount_.type == Type::Tmpfs;
    mount_.writable = *writable_;
    if (mount_.type == Type::Secret) {
      if (!mount_.from.empty()) return bad_mount("a secret mount has no 'from'", where_);
      if (!mount_.source.empty() && !mount_.id.empty()) return bad_mount("give 'id' or 'source', not both", where_);
      if (mount_.id.empty()) mount_.id = mount_.source;
      const std::string& named = mount_.id.empty() ? mount_.target : mount_.id;
      const std::string base = named.substr(named.rfind('/') + 1);
      if (base.empty()) return bad_mount("a secret mount needs an 'id'", where_);
      if (mount_.id.empty()) mount_.id = base;
      if (mount_.target.empty() && mount_.env.empty()) mount_.target = "/run/secrets/" + base;
    } else if (mount_.required) {
      return bad_mount("'required' is for secret mounts", where_);
    }
    if (mount_.type == Type::Cache && mount_.target.empty()) return bad_mount("a cache mount needs a 'target'", where_);
    if (mount_.type == Type::Tmpfs && mount_.target.empty()) return bad_mount("a tmpfs mount needs a 'target'", where_);
    if (mount_.size && mount_.type != Type::Tmpfs) return bad_mount("'size' is for tmpfs mounts", where_);
    if (mount_.target == "/") return bad_mount("a mount cannot cover '/'", where_);
    return std::move(mount_);
  }

 private:
  Diagnostic unknown(const std::string& key) const {
    auto diagnostic = bad_mount("unknown mount option '" + key + "'", where_);
    if (const auto best = nearest(key, known_keys())) return diagnostic.with_hint("did you mean '" + *best + "'?");
    return diagnostic.note("mount options: " + join_names(known_keys(), 20));
  }

  std::optional<Diagnostic> read_flag(const std::string& key, const std::string& value) {
    if (value != "true" && value != "false")
      return bad_mount("mount option '" + key + "' takes 'true' or 'false', not '" + value + "'", where_);
    const bool on = value == "true";
    if (key == "required") {
      mount_.required = on;
    } else {
      writable_ = (key == "rw" || key == "readwrite") == on;
    }
    return std::nullopt;
  }

  std::optional<Diagnostic> read_value(const std::string& key, const std::string& value) {
    if (key == "type") return read_type(value);
    if (key == "sharing") return read_sharing(value);
    if (key == "size") {
      auto size = parse_bytes(value);
      if (!size) return bad_mount(size.error(), where_);
      mount_.size = *size;
      return std::nullopt;
    }
    if (key == "mode" || key == "uid" || key == "gid") {
      const auto parsed = number(value, key == "mode" ? 8 : 10);
      if (!parsed) return bad_mount("mount option '" + key + "' has no number: '" + value + "'", where_);
      if (*parsed > kLargestId)  // 4294967295 would be -1: "leave the owner as it is" to the kernel
        return bad_mount("mount option '" + key + "' is out of range: '" + value + "'", where_);
      (key == "mode" ? mount_.mode : key == "uid" ? mount_.uid : mount_.gid) = *parsed;
      return std::nullopt;
    }
    static const std::map<std::string, std::string RunMount::*> texts{
        {"from", &RunMount::from},     {"source", &RunMount::source}, {"src", &RunMount::source},
        {"target", &RunMount::target}, {"dst", &RunMount::target},    {"destination", &RunMount::target},
        {"id", &RunMount::id},         {"env", &RunMount::env}};
    const auto found = texts.find(key);
    if (found == texts.end()) return unknown(key);
    mount_.*(found->second) = value;
    return std::nullopt;
  }

  std::optional<Diagnostic> read_type(const std::string& value) {
    static const std::map<std::string, Type> types{
        {"bind", Type::Bind}, {"cache", Type::Cache}, {"tmpfs", Type::Tmpfs}, {"secret", Type::Secret}};
    given_type_ = true;
    if (value == "ssh") return Diagnostic::error("not-supported", "ssh mounts are not supported yet", where_);
    const auto found = types.find(lower(value));
    if (found == types.end())
      return bad_mount("unknown mount type '" + value + "'; it can be bind, cache, tmpfs or secret", where_);
    mount_.type = found->second;
    return std::nullopt;
  }

  std::optional<Diagnostic> read_sharing(const std::string& value) {
    if (value == "shared") {
      mount_.sharing = RunMount::Sharing::Shared;
    } else if (value == "private") {
      mount_.sharing = RunMount::Sharing::Private;
    } else if (value == "locked") {
      mount_.sharing = RunMount::Sharing::Locked;
    } else {
      return bad_mount("unknown sharing '" + value + "'; it can be shared, private or locked", where_);
    }
    return std::nullopt;
  }

  const Span& where_;
  RunMount mount_;
  bool given_type_ = false;
  std::optional<bool> writable_;
};

}  // namespace

bool has_variable_in_from(std::string_view mount) {
  const std::vector<std::string> fields = split_fields(mount);
  return std::any_of(fields.begin(), fields.end(), [](const std::string& field) {
    const std::size_t equals = field.find('=');
    std::string key = lower(field.substr(0, equals));
    std::erase(key, '\'');  // the whole word may be quoted
    return key == "from" && field.find('$', equals) != std::string::npos;
  });
}

Result<RunMount> parse_run_mount(std::string_view text, const Span& where) {
  MountReader reader(where);
  for (const std::string& field : split_fields(text))
    if (auto mistake = reader.read(field)) return *std::move(mistake);
  return reader.finish();
}

}  // namespace davit::dockerfile
