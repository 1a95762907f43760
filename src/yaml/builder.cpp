#include "builder.hpp"

#include <yaml-cpp/binary.h>

#include <algorithm>

namespace davit::yaml {
namespace {

constexpr std::size_t kMostDocuments = 10'000;

Tag compose_tag(const std::string& tag) {
  if (tag == "!reset") return Tag::Reset;
  if (tag == "!override") return Tag::Override;
  return Tag::None;
}

}  // namespace

Builder::Builder(const Source& source, const Limits& limits, Reuses reuses, Parsed& parsed)
    : source_(source), limits_(limits), reuses_(reuses), parsed_(parsed) {}

void Builder::error(std::string code, std::string message, const Span& where) {
  parsed_.diagnostics.add(Diagnostic::error(std::move(code), std::move(message), where));
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  // The parser makes empty documents without end of a stray ',', ']' or '}'.
  const std::size_t at = offset(mark);
  if (document_at_ == at && at < source_.text().size())
    throw LimitExceeded{Diagnostic::error("yaml-syntax",
                                          "invalid YAML: unexpected '" + std::string(1, source_.text()[at]) + "'",
                                          source_.span(at, at + 1))};
  document_at_ = at;
  if (parsed_.documents.size() >= kMostDocuments)
    throw LimitExceeded{Diagnostic::error(
        "yaml-limit", "more than " + std::to_string(kMostDocuments) + " documents in one file", source_.span(at, at))};
  stack_.clear();
  anchors_.clear();
}

void Builder::OnDocumentEnd() {}

void Builder::count(std::size_t nodes, const Span& where) {
  nodes_ += nodes;
  parsed_.nodes = nodes_;
  if (nodes_ > limits_.nodes)
    throw LimitExceeded{
        Diagnostic::error("yaml-limit", "more than " + std::to_string(limits_.nodes) + " keys and values", where)};
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const std::size_t at = offset(mark);
  // An empty value has the place of whatever comes next; its key is the better one.
  const bool written = source_.text().substr(at).starts_with('~') || source_.text().substr(at).starts_with("null") ||
                       source_.text().substr(at).starts_with("Null") || source_.text().substr(at).starts_with("NULL");
  const bool after_key = !stack_.empty() && stack_.back().has_key && !written;
  deliver(Node::null(after_key ? stack_.back().pending.key_span : source_.scalar_span(at, "")), anchor, 1);
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& value) {
  Node node;
  node.span = source_.scalar_span(offset(mark), value);
  node.tag = compose_tag(tag);
  // What a tag of one's own stands before is text, as for docker compose's parser.
  const bool typed = tag == "?" || node.tag == Tag::Reset || tag == "tag:yaml.org,2002:int" ||
                     tag == "tag:yaml.org,2002:float" || tag == "tag:yaml.org,2002:bool" ||
                     tag == "tag:yaml.org,2002:null";
  if (typed) {
    type_plain_scalar(node, value);
  } else {
    node.kind = Kind::String;
    node.text = value;
    node.quoted = tag == "!";
    if (tag == "tag:yaml.org,2002:binary") decode_binary(node);
    // The parser takes a quoted scalar that runs to the end of the file for complete.
    const std::size_t at = offset(mark);
    const char first = at < source_.text().size() ? source_.text()[at] : ' ';
    if ((first == '"' || first == '\'') && source_.closing_quote(at) == source_.text().size())
      throw LimitExceeded{
          Diagnostic::error("yaml-syntax", "invalid YAML: a quote that is never closed", source_.span(at, at + 1))
              .with_hint("close it behind its value")};
  }
  deliver(std::move(node), anchor, 1);
}

void Builder::decode_binary(Node& node) {
  const std::vector<unsigned char> bytes = YAML::DecodeBase64(node.text);
  if (bytes.empty() && !node.text.empty()) {
    error("yaml-binary", "invalid YAML: '!!binary' needs text in base64", node.span);
    node.faulty = true;
  }
  node.text.assign(bytes.begin(), bytes.end());
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const std::size_t at = offset(mark);
  const std::size_t end = source_.text().find_first_of(" \t\r\n,]}", at);
  const Span where = source_.span(at, std::min(end, source_.text().size()));
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    error("yaml-alias", "an alias inside the value that it stands for", where);
    Node broken = Node::null(where);
    broken.faulty = true;
    return deliver(std::move(broken), 0, 1);
  }
  alias_nodes_ += found->second.nodes;
  if (alias_nodes_ > limits_.alias_nodes)
    throw LimitExceeded{Diagnostic::error("yaml-limit",
                                          "aliases copy more than " + std::to_string(limits_.alias_nodes) + " values",
                                          where)
                            .with_hint("aliases of aliases grow quickly; write the values out or use 'extends'")};
  Node copy = found->second.node;
  if (reuses_ == Reuses::Record)
    record(copy, {under_merge_key() ? Reuse::By::MergeKey : Reuse::By::Alias,
                  std::string(source_.text().substr(at + 1, end - at - 1)), where, copy.span, 0});
  copy.span = where;
  count(found->second.nodes - 1, where);
  deliver(std::move(copy), 0, found->second.nodes);
}

/// Whether the value that comes next is merged into a mapping: behind `<<`, or in a list behind it.
bool Builder::under_merge_key() const {
  if (stack_.empty()) return false;
  const bool in_list = stack_.back().node.kind == Kind::List && stack_.size() > 1;
  const Frame& frame = in_list ? stack_[stack_.size() - 2] : stack_.back();
  return frame.has_key && frame.key_is_merge;
}

/// Notes for every value of a copy where it comes from, behind what is known of it already.
void Builder::record(Node& copy, Reuse reuse) {
  std::map<std::uint32_t, std::uint32_t> numbers;  // by what happened before: most values share one
  const auto mark = [&](auto& self, Node& node) -> void {
    auto& number = numbers[node.origin];
    if (number == 0) {
      reuse.before = node.origin;
      parsed_.reuses.push_back(reuse);
      number = static_cast<std::uint32_t>(parsed_.reuses.size());
    }
    node.origin = number;
    for (Node& item : node.items) self(self, item);
    for (Entry& entry : node.entries) self(self, entry.value);
  };
  mark(mark, copy);
}

void Builder::open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  const std::size_t at = offset(mark);
  Frame frame;
  frame.node.kind = kind;
  frame.node.tag = compose_tag(tag);
  frame.node.span = source_.span(at, std::min(at + 1, source_.text().size()));
  frame.anchor = anchor;
  if (stack_.size() >= limits_.depth)
    throw LimitExceeded{Diagnostic::error(
        "yaml-limit", "nested deeper than " + std::to_string(limits_.depth) + " levels", frame.node.span)};
  stack_.push_back(std::move(frame));
}

Builder::Frame Builder::close() {
  Frame frame = std::move(stack_.back());
  stack_.pop_back();
  return frame;
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
  open(Kind::List, mark, tag, anchor);
}

void Builder::OnSequenceEnd() {
  Frame frame = close();
  deliver(std::move(frame.node), frame.anchor, frame.nodes);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
  open(Kind::Map, mark, tag, anchor);
}

void Builder::OnMapEnd() {
  Frame frame = close();
  finish_map(frame);
  deliver(std::move(frame.node), frame.anchor, frame.nodes);
}

void Builder::finish_map(Frame& frame) {
  auto& entries = frame.node.entries;
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  std::stable_sort(entries.begin(), entries.end(), by_key);
  const auto repeated = [&](const Entry& first, const Entry& second) {
    if (first.key != second.key) return false;
    parsed_.diagnostics.add(Diagnostic::error("duplicate-key",
                                              "the key '" + second.key + "' is already defined in this mapping",
                                              second.key_span)
                                .note("first defined here", first.key_span));
    return true;
  };
  entries.erase(std::unique(entries.begin(), entries.end(), repeated), entries.end());
  for (Entry& inherited : frame.merged) {
    Node* own = frame.node.find(inherited.key);
    if (own == nullptr) {
      frame.node.set(inherited.key, std::move(inherited.value), inherited.key_span);
    } else if (own->tag == Tag::Reset) {
      // Resets what earlier files set, while the value of the merge key stays (docker compose resolves the tag first).
      *own = std::move(inherited.value);
      own->tag = Tag::Override;
    }
  }
}

void Builder::deliver(Node node, YAML::anchor_t anchor, std::size_t nodes) {
  count(1, node.span);
  if (anchor != 0) {
    anchor_nodes_ += nodes;
    if (anchor_nodes_ > 2 * limits_.alias_nodes)
      throw LimitExceeded{Diagnostic::error(
          "yaml-limit", "anchors hold more than " + std::to_string(2 * limits_.alias_nodes) + " values", node.span)};
    anchors_[anchor] = Anchor{node, nodes};
  }
  if (stack_.empty()) {
    parsed_.documents.push_back(std::move(node));
    return;
  }
  Frame& frame = stack_.back();
  if (frame.node.kind == Kind::Map && !frame.has_key) return take_key(frame, std::move(node));
  frame.nodes += nodes;
  if (frame.node.kind == Kind::List) {
    frame.node.items.push_back(std::move(node));
  } else {
    frame.has_key = false;
    if (frame.key_is_merge) return take_merge(frame, std::move(node));
    frame.pending.value = std::move(node);
    frame.node.entries.push_back(std::move(frame.pending));
    frame.pending = {};
  }
}

void Builder::take_key(Frame& frame, Node key) {
  frame.has_key = true;
  frame.key_is_merge = key.kind == Kind::String && !key.quoted && key.text == "<<";
  if (frame.key_is_merge && frame.merge_at.known())
    parsed_.diagnostics.add(
        Diagnostic::error("duplicate-key", "the key '<<' is already defined in this mapping", key.span)
            .note("first defined here", frame.merge_at)
            .with_hint("merge several mappings with a list: '<<: [*one, *other]'"));
  else if (frame.key_is_merge)
    frame.merge_at = key.span;
  if (key.is_null()) {
    // Its span ends with the line, for nobody can tell how long nothing is.
    const std::string written = source_.text_of(key.span);
    key.text = written.substr(0, written.find_first_of(": \t,}"));
    key.span.end.column = key.span.begin.column + static_cast<std::uint32_t>(key.text.size());
  }
  if (!key.is_string()) {
    const std::string found = key.is_scalar() && !key.is_null() ? std::string(key.kind_name()) + " '" + key.text + "'"
                                                                : std::string(key.kind_name());
    parsed_.diagnostics.add(Diagnostic::error("key-type", "a key must be a string, found " + found, key.span)
                                .with_hint("put it in quotes"));
    if (!key.is_scalar()) parsed_.complete = false;  // what was meant, as in "{{ name }}", nobody can tell
    key.text = key.is_scalar() ? source_.text_of(key.span) : std::string();
  }
  frame.pending.key = std::move(key.text);
  frame.pending.key_span = std::move(key.span);
}

void Builder::take_merge(Frame& frame, Node value) {
  const auto add = [&](Node& from) {
    if (!from.is_map()) {
      error("yaml-merge", "'<<' merges mappings, found " + std::string(from.kind_name()), from.span);
      return;
    }
    std::move(from.entries.begin(), from.entries.end(), std::back_inserter(frame.merged));
  };
  if (value.is_list()) {
    for (Node& item : value.items) add(item);
  } else {
    add(value);
  }
}

}  // namespace davit::yaml
