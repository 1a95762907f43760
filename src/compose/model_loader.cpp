#include "model_loader.hpp"

#include <algorithm>

namespace davit::compose {

using yaml::Entry;
using yaml::Node;

bool ModelLoader::take(Budget& budget, std::size_t amount, const std::string& what, const Span* where) {
  if (budget.take(amount)) return true;
  if (budget.report())
    diagnostics_.add(Diagnostic::error("load-limit", "this project is too large: " + what,
                                       where == nullptr ? std::nullopt : std::optional(*where)));
  return false;
}

bool ModelLoader::read(const std::string& path, SourceFile& file, const Span* where) {
  if (!take(parsed_, 1, "more than " + std::to_string(kMostParsed) + " files to merge", where)) return false;
  const auto text = access_.read(path);
  if (!text) {
    auto item = text.error();
    if (where != nullptr && where->known()) item.where = *where;
    diagnostics_.add(std::move(item));
    return false;
  }
  file.path = path;
  return parse(*text, access_.display(path), file);
}

bool ModelLoader::parse(const std::string& text, const std::string& name, SourceFile& file) {
  if (file.path.empty()) file.path = name;
  file.name = std::make_shared<const std::string>(name);
  yaml::Limits limits;
  limits.nodes = std::min(limits.nodes, values_.left());
  auto parsed = yaml::parse(text, file.name, limits, origins_ == nullptr ? yaml::Reuses::Forget : yaml::Reuses::Record);
  diagnostics_.append(parsed.diagnostics);
  (void)values_.take(parsed.nodes);
  file.documents = std::move(parsed.documents);
  take_reuses(parsed.reuses, file);
  // A file of comments has one empty document.
  if (file.documents.size() == 1 && file.documents.front().is_null()) file.documents.clear();
  if (options_.keep_documents) keep(file);
  return parsed.complete;
}

void ModelLoader::take_reuses(const std::vector<yaml::Reuse>& reuses, SourceFile& file) {
  if (origins_ == nullptr || reuses.empty()) return;
  std::vector<std::uint32_t> numbers{0};
  for (const yaml::Reuse& reuse : reuses) {
    const auto kind = reuse.by == yaml::Reuse::By::MergeKey ? OriginStep::Kind::MergeKey : OriginStep::Kind::Alias;
    numbers.push_back(origins_->add({kind, reuse.anchor, reuse.where, reuse.anchored, numbers[reuse.before]}));
  }
  const auto renumber = [&](auto& self, Node& node) -> void {
    node.origin = numbers[node.origin];
    for (Node& item : node.items) self(self, item);
    for (Entry& entry : node.entries) self(self, entry.value);
  };
  for (Node& document : file.documents) renumber(renumber, document);
}

void ModelLoader::remove_for(Node& later, const TaggedPaths& tags, const std::vector<std::string>& prefix,
                             Node& earlier) {
  if (origins_ == nullptr) return remove_tagged(earlier, tags, prefix);
  remove_tagged(earlier, tags, prefix, [&](const TaggedPath& tag, const Node& removed) {
    const Span written = written_at(removed, *origins_);
    if (tag.tag == yaml::Tag::Reset) return origins_->add_removal({tag.path, tag.where, summary(removed), written});
    Node* by = &later;
    for (std::size_t i = prefix.size(); i < tag.path.size() && by != nullptr; ++i) by = by->find(tag.path[i]);
    if (by != nullptr && written.known())
      origins_->mark(*by, {OriginStep::Kind::OverrideTag, summary(removed), tag.where, written, 0});
  });
}

void ModelLoader::keep(const SourceFile& file) {
  const auto same = [&](const ParsedFile& kept) { return kept.path == file.path; };
  if (std::none_of(documents_.begin(), documents_.end(), same)) documents_.push_back({file.path, file.documents});
}

bool ModelLoader::check_root(Node& document) {
  if (document.is_map()) return true;
  diagnostics_.add(Diagnostic::error(
      "root-type", "a Compose file must be a mapping, found " + std::string(document.kind_name()), document.span));
  return false;
}

Node ModelLoader::load(std::vector<SourceFile> files, Scope& scope) {
  Node model = Node::map();
  for (SourceFile& file : files) {
    scope.trail.push_back({file.path, scope.included_at});
    for (Node& document : file.documents) merge_document(std::move(document), file, scope, model);
    scope.trail.pop_back();
  }
  set_defaults(model);
  if (options_.validate) check_objects(model, diagnostics_);
  if (options_.resolve_paths || scope.folder != scope.relative)
    resolve_paths(model, scope.relative, access_.home(), diagnostics_, origins_);
  const std::optional<Tracking> tracking = tracking_in(origins_, scope.places);
  resolve_bare_variables(model, scope.environment, tracking ? &*tracking : nullptr);
  return model;
}

void ModelLoader::interpolate(Node& document, const Scope& scope) {
  if (!options_.interpolate) return;
  const std::optional<Tracking> tracking = tracking_in(origins_, scope.places);
  interpolate_tree(document, lookup_in(scope.environment), scope.missing, diagnostics_,
                   tracking ? &*tracking : nullptr);
}

void ModelLoader::merge_document(Node document, const SourceFile& file, Scope& scope, Node& into) {
  if (!check_root(document)) return;
  if (!take(merged_, count_values(into), "too many documents merge over each other", &document.span)) return;
  const TaggedPaths tags = take_tags(document);
  if (tags.size() > kMostTags) {
    diagnostics_.add(Diagnostic::error("load-limit",
                                       "more than " + std::to_string(kMostTags) +
                                           " values with '!reset' or '!override' in one document",
                                       tags[kMostTags].where)
                         .with_hint("put the tag at the mapping or the list around them"));
    return;
  }
  interpolate(document, scope);
  include(document, file, scope, tags);
  remove_for(document, tags, {}, into);
  extend_all(document, file, scope, tags);
  if (into.entries.empty())
    into = std::move(document);
  else
    merge_tree(into, std::move(document), "", diagnostics_, origins_);
  enforce_unique(into, origins_);
  if (options_.validate) validate_schema(into, diagnostics_);
  if (const Entry* version = into.find_entry("version")) {
    diagnostics_.add(Diagnostic::warning("obsolete-version", "the attribute 'version' is obsolete and has no effect",
                                         version->key_span)
                         .with_hint("remove the line"));
    into.erase("version");
  }
  make_canonical(into, !options_.interpolate, diagnostics_, origins_);
  enforce_unique(into, origins_);
}

}  // namespace davit::compose
