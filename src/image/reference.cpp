#include "davit/image/reference.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "davit/base/text.hpp"
#include "davit/image/digest.hpp"

namespace davit::image {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxTag = 128;
constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kOfficial = "library/";

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alnum(char c) {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// [a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*
bool is_path_component(std::string_view text) {
  std::size_t at = 0;
  const auto word = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_lower_alnum(text[at])) ++at;
    return at > from;
  };
  if (!word()) return false;
  while (at < text.size()) {
    if (text[at] == '-') {
      while (at < text.size() && text[at] == '-') ++at;
    } else if (text.substr(at).starts_with("__")) {
      at += 2;
    } else if (text[at] == '.' || text[at] == '_') {
      ++at;
    } else {
      return false;
    }
    if (!word()) return false;
  }
  return true;
}

bool is_host_label(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain(std::string_view text) {
  std::string_view host = text;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[')) {
    return host.ends_with(']') && host.size() > 2 && std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
             return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':';
           });
  }
  for (;;) {
    const std::size_t dot = host.find('.');
    if (!is_host_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

/// [\w][\w.-]{0,127}
bool is_tag(std::string_view text) {
  const auto word = [](char c) { return is_alnum(c) || c == '_'; };
  return !text.empty() && text.size() <= kMaxTag && word(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool looks_like_domain(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

Diagnostic refuse(std::string_view text, const std::string& why) {
  return Diagnostic::error("bad-image-name", "'" + std::string(text) + "' is no image name: " + why);
}

/// "localhost:5000/a/b" in domain and path; a name without a domain is one of Docker Hub.
std::pair<std::string_view, std::string_view> split_domain(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || !looks_like_domain(name.substr(0, slash))) return {kDefaultDomain, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

/// What is wrong with the path of the name `text`.
std::optional<Diagnostic> mistake_in_path(std::string_view path, std::string_view text) {
  for (const std::string_view component : split(path, '/')) {
    if (is_path_component(component)) continue;
    if (std::none_of(component.begin(), component.end(), is_upper))
      return refuse(text, "'" + std::string(component) +
                              "' is not lower-case letters and digits with single '.', '_', '-' between them");
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
    return refuse(text, "upper-case letters are not allowed").with_hint("did you mean '" + lower + "'?");
  }
  return std::nullopt;
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text) {
  if (text.empty()) return refuse(text, "it is empty");
  if (text.size() == 64 && is_lower_hex(text)) return refuse(text, "64 hex digits are an image id");

  Reference reference;
  std::string_view name = text;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    const std::string_view digest = name.substr(at + 1);
    if (!is_sha256_digest(digest)) return refuse(text, "a digest is 'sha256:' and 64 hex digits");
    reference.digest_ = std::string(digest);
    name = name.substr(0, at);
  }
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    const std::string_view tag = name.substr(colon + 1);
    if (!is_tag(tag))
      return refuse(text,
                    "its tag '" + std::string(tag) + "' is not made of letters, digits, '_', '.', '-' (at most 128)");
    reference.tag_ = std::string(tag);
    name = name.substr(0, colon);
  }

  const auto [domain, path] = split_domain(name);
  if (!is_domain(domain)) return refuse(text, "'" + std::string(domain) + "' is no host name");
  if (auto mistake = mistake_in_path(path, text)) return *std::move(mistake);
  reference.domain_ = domain == "index.docker.io" ? kDefaultDomain : domain;
  reference.path_ = std::string(path);
  if (reference.domain_ == kDefaultDomain && path.find('/') == std::string_view::npos)
    reference.path_.insert(0, kOfficial);
  if (reference.full_name().size() > kMaxName) return refuse(text, "it is longer than 255 characters");
  if (!reference.tag_ && !reference.digest_) reference.tag_ = "latest";
  return reference;
}

std::string Reference::familiar_name() const {
  if (domain_ != kDefaultDomain) return full_name();
  if (path_.starts_with(kOfficial) && path_.find('/', kOfficial.size()) == std::string::npos)
    return path_.substr(kOfficial.size());
  return path_;
}

std::string Reference::suffix() const {
  return (tag_ ? ":" + *tag_ : std::string()) + (digest_ ? "@" + *digest_ : std::string());
}

std::string Reference::key() const {
  return full_name() + (digest_ ? "@" + *digest_ : ":" + *tag_);
}

}  // namespace davit::image
