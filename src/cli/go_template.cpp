#include "go_template.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <optional>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"
#include "human.hpp"

namespace davit::cli {
namespace {

struct Piece {
  enum class Kind { Text, Field, Json, JsonOfAll, Label };
  Kind kind = Kind::Text;
  std::string text;  ///< the text, the field, or the key of a label
  std::string raw;   ///< as it was written
};

[[noreturn]] void bad_template(std::string_view text, const std::string& why, std::optional<std::string> hint = {}) {
  Diagnostic diagnostic = Diagnostic::error("format", "cannot use the format '" + std::string(text) + "': " + why);
  if (hint) diagnostic.with_hint(*std::move(hint));
  throw Error(std::move(diagnostic));
}

std::string go_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 't' || text[i + 1] == 'n');
    if (escape) ++i;
    out.push_back(!escape ? text[i] : (text[i] == 't' ? '\t' : '\n'));
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// What stands between the braces.
Piece action(std::string_view words) {
  constexpr std::string_view kJson = "json ";
  constexpr std::string_view kLabel = ".Label ";
  if (words.starts_with(kJson)) {
    const std::string_view what = trimmed(words.substr(kJson.size()));
    if (what == ".") return {Piece::Kind::JsonOfAll, "", ""};
    if (what.starts_with('.')) return {Piece::Kind::Json, std::string(what.substr(1)), ""};
  }
  if (words.starts_with(kLabel)) {
    const std::string_view key = trimmed(words.substr(kLabel.size()));
    if (key.size() > 1 && key.front() == '"' && key.back() == '"')
      return {Piece::Kind::Label, std::string(key.substr(1, key.size() - 2)), ""};
  }
  return {Piece::Kind::Field, std::string(words.starts_with('.') ? words.substr(1) : words), ""};
}

std::vector<Piece> parse(std::string_view text) {
  std::vector<Piece> pieces;
  for (std::string_view rest = text; !rest.empty();) {
    const auto open = rest.find("{{");
    pieces.push_back({Piece::Kind::Text, go_escapes(rest.substr(0, open)), ""});
    if (open == std::string_view::npos) break;
    const auto close = rest.find("}}", open);
    if (close == std::string_view::npos) bad_template(text, "'{{' has no '}}'");
    const std::string_view words = trimmed(rest.substr(open + 2, close - open - 2));
    pieces.push_back(action(words));
    pieces.back().raw = words;
    rest.remove_prefix(close + 2);
  }
  return pieces;
}

void check(std::string_view text, const std::vector<Piece>& pieces, const TemplateLine& example) {
  std::vector<std::string> known;
  for (const auto& [field, value] : example.fields) known.push_back(field);
  for (const Piece& piece : pieces) {
    const bool named = piece.kind == Piece::Kind::Field || piece.kind == Piece::Kind::Json;
    if (!named || example.fields.contains(piece.text)) continue;
    const auto near = nearest(piece.text, known);
    bad_template(text, "'{{" + piece.raw + "}}' is not a field; fields are " + join_names(known, known.size()),
                 near ? std::optional("did you mean '{{." + *near + "}}'?") : std::nullopt);
  }
}

std::string value_of(const Piece& piece, const TemplateLine& line) {
  switch (piece.kind) {
    case Piece::Kind::Text:
      return piece.text;
    case Piece::Kind::Field:
      return line.fields.at(piece.text);
    case Piece::Kind::Json:
      return boost::json::serialize(line.json.at(piece.text));
    case Piece::Kind::JsonOfAll:
      return boost::json::serialize(line.json);
    case Piece::Kind::Label: {
      const auto label = line.labels.find(piece.text);
      return label == line.labels.end() ? "" : label->second;
    }
  }
  return "";
}

std::string head_of(const Piece& piece) {
  static const std::map<std::string, std::string> kHeads{{"CreatedAt", "CREATED AT"},
                                                         {"ExitCode", "EXIT CODE"},
                                                         {"ID", "CONTAINER ID"},
                                                         {"LocalVolumes", "LOCAL VOLUMES"},
                                                         {"RunningFor", "CREATED"}};
  if (piece.kind == Piece::Kind::Text) return piece.text;
  if (piece.kind == Piece::Kind::JsonOfAll) return "";
  if (const auto found = kHeads.find(piece.text); found != kHeads.end()) return found->second;
  std::string head = piece.text;
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : static_cast<char>(c);
  });
  return head;
}

std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns{""};
  for (const char c : line) {
    if (c == '\t') {
      columns.emplace_back();
    } else {
      columns.back().push_back(c);
    }
  }
  return columns;
}

}  // namespace

std::string render_template(std::string_view text, const TemplateLine& example,
                            const std::vector<TemplateLine>& lines) {
  constexpr std::string_view kTable = "table ";
  const bool as_table = text.starts_with(kTable);
  const auto pieces = parse(as_table ? text.substr(kTable.size()) : text);
  check(text, pieces, example);
  std::string head;
  for (const Piece& piece : pieces) head += head_of(piece);
  std::vector<std::vector<std::string>> rows{columns_of(head)};
  std::string out;
  for (const TemplateLine& line : lines) {
    std::string shown;
    for (const Piece& piece : pieces) shown += value_of(piece, line);
    rows.push_back(columns_of(shown));
    out += shown + "\n";
  }
  return as_table ? table(rows) : out;
}

}  // namespace davit::cli
