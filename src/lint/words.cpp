#include "words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace davit::lint {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = upper(c);
  return out;
}

/// "spring.mail.password" and "MAIL_PASSWORD" into words, in upper case.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.')
      words.emplace_back();
    else
      words.back() += upper(c);
  }
  std::erase(words, "");
  return words;
}

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 9> kSecretWords{"PASSWORD", "PASSWD",    "PASS",  "PWD",   "PASSPHRASE",
                                                       "SECRET",   "SECRETKEY", "TOKEN", "APIKEY"};
/// Words that make a key a secret one: SECRET_KEY, APP_KEY.
constexpr std::array<std::string_view, 12> kKeyWords{"API", "SECRET", "PRIVATE", "ACCESS", "ENCRYPTION", "SIGNING",
                                                     "APP", "MASTER", "AUTH",    "JWT",    "SESSION",    "COOKIE"};
/// Words at the front that make a name a setting about secrets: ALLOW_EMPTY_PASSWORD, MAX_TOKEN.
constexpr std::array<std::string_view, 13> kSettingWords{"ALLOW",   "ENABLE", "DISABLE", "USE", "REQUIRE", "MAX", "MIN",
                                                         "ENABLED", "SKIP",   "RESET",   "HAS", "IS",      "NO"};

bool is_switch(const std::string& value) {
  constexpr std::array<std::string_view, 8> kSwitches{"TRUE", "FALSE", "YES", "NO", "ON", "OFF", "NONE", "NULL"};
  return one_of(value, kSwitches) || value == "0" || value == "1";
}

/// Says where something is, and not what it is.
bool is_reference(std::string_view value) {
  constexpr std::array<std::string_view, 8> kHeads{"/", "./", "../", "~", "urn:", "arn:", "vault:", "file:"};
  return value.find("://") != std::string_view::npos ||
         std::any_of(kHeads.begin(), kHeads.end(), [&](std::string_view head) { return value.starts_with(head); });
}

/// Looks like made by chance: long, one word, letters and digits.
bool looks_random(std::string_view value) {
  const auto has = [&](int (*kind)(int)) {
    return std::any_of(value.begin(), value.end(), [&](char c) { return kind(static_cast<unsigned char>(c)) != 0; });
  };
  return value.size() >= 16 && !has(std::isspace) && has(std::isdigit) && has(std::isalpha);
}

}  // namespace

bool has_variable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') continue;
    if (i + 1 < text.size() && text[i + 1] == '$') {
      ++i;
      continue;
    }
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (next == '{' || next == '_' || std::isalpha(static_cast<unsigned char>(next)) != 0) return true;
  }
  return false;
}

bool looks_secret(std::string_view name, std::string_view value) {
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || value.empty() || is_switch(upper(value)) || is_reference(value)) return false;
  if (one_of(words.front(), kSettingWords)) return false;
  const std::string& last = words.back();
  const std::string_view before = words.size() > 1 ? std::string_view(words[words.size() - 2]) : std::string_view();
  if (last == "PWD" && words.size() == 1) return false;  // the shell's current folder
  const bool number = std::all_of(value.begin(), value.end(), is_digit);
  if (last == "TOKEN" && (number || before == "CLUSTER")) return false;  // a count of them; etcd's name of a cluster
  if (one_of(last, kSecretWords)) return true;
  if (last == "BASE" && before == "KEY") return true;  // SECRET_KEY_BASE
  if (last != "KEY" || before == "PUBLIC") return false;
  return one_of(before, kKeyWords) || looks_random(value);
}

bool is_boolean_word(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords{"yes", "Yes", "YES", "no",  "No",  "NO",
                                                    "on",  "On",  "ON",  "off", "Off", "OFF"};
  return one_of(text, kWords);
}

long long base_60(std::string_view text) {
  // [-+]? [1-9][0-9_]* (: [0-5]?[0-9])+   (yaml.org/type/int.html)
  std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  if (i >= text.size() || text[i] < '1' || text[i] > '9' || text.size() > 18) return -1;
  long long value = 0;
  for (; i < text.size() && (is_digit(text[i]) || text[i] == '_'); ++i)
    if (text[i] != '_') value = value * 10 + (text[i] - '0');
  if (i == text.size()) return -1;
  while (i < text.size()) {
    if (text[i++] != ':') return -1;
    const std::size_t from = i;
    long long part = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) part = part * 10 + (text[i] - '0');
    if (i == from || i - from > 2 || part > 59) return -1;
    value = value * 60 + part;
  }
  return value;
}

}  // namespace davit::lint
