#pragma once
// Builds trees from yaml-cpp's events.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <unordered_map>

#include "davit/yaml/parse.hpp"
#include "source.hpp"

namespace davit::yaml {

/// Thrown through yaml-cpp to stop at a limit; caught in parse().
struct LimitExceeded {
  Diagnostic diagnostic;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(const Source& source, const Limits& limits, Reuses reuses, Parsed& parsed);

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override;
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  /// A collection that is still open.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 1;  ///< in this subtree
    bool has_key = false;
    bool key_is_merge = false;
    Span merge_at;              ///< of the first `<<`
    Entry pending;              ///< its key is read, its value is not
    std::vector<Entry> merged;  ///< from `<<`, in order of precedence
  };
  struct Anchor {
    Node node;
    std::size_t nodes = 0;
  };

  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  Frame close();
  void finish_map(Frame& frame);
  /// A complete value goes to the open collection, or becomes the document.
  void deliver(Node node, YAML::anchor_t anchor, std::size_t nodes);
  void take_key(Frame& frame, Node key);
  void take_merge(Frame& frame, Node value);
  void count(std::size_t nodes, const Span& where);
  [[nodiscard]] bool under_merge_key() const;
  void record(Node& copy, Reuse reuse);
  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const { return source_.offset(mark.line, mark.column); }
  void decode_binary(Node& node);
  void error(std::string code, std::string message, const Span& where);

  const Source& source_;
  const Limits& limits_;
  Reuses reuses_;
  Parsed& parsed_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::size_t document_at_ = static_cast<std::size_t>(-1);  ///< where the last document starts
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  std::size_t anchor_nodes_ = 0;
};

}  // namespace davit::yaml
