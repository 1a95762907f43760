// Phase: extends. The service merges over a copy of the one that it extends, from this file or another.

#include "davit/base/suggest.hpp"
#include "model_loader.hpp"

namespace davit::compose {
namespace {

using yaml::Entry;
using yaml::Node;

std::vector<std::string> names_in(const Node& map) {
  std::vector<std::string> names;
  for (const Entry& entry : map.entries) names.push_back(entry.key);
  return names;
}

}  // namespace

void ModelLoader::extend_all(Node& document, const SourceFile& file, Scope& scope, const TaggedPaths& tags) {
  Node* services = document.find("services");
  if (services == nullptr || !services->is_map()) return;
  for (const std::string& name : names_in(*services)) {
    std::vector<Link> chain;
    extend(*services, name, file.path, scope, tags, chain);
  }
}

bool ModelLoader::report_cycle(const std::vector<Link>& chain, const Link& next) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i].file != next.file || chain[i].service != next.service) continue;
    std::string path;
    for (std::size_t k = i; k < chain.size(); ++k) path += chain[k].service + " -> ";
    auto item = Diagnostic::error("extends-cycle", "circular extends: " + path + next.service, chain[i].where);
    for (std::size_t k = i + 1; k < chain.size(); ++k)
      item.note("'" + chain[k].service + "' extends here", chain[k].where);
    diagnostics_.add(std::move(item).with_hint("remove one of these 'extends'"));
    return true;
  }
  return false;
}

void ModelLoader::extend(Node& services, const std::string& name, const std::string& file, Scope& scope,
                         const TaggedPaths& tags, std::vector<Link>& chain) {
  Node* service = services.find(name);
  const Entry* extends = service == nullptr ? nullptr : service->find_entry("extends");
  if (extends == nullptr) return;
  const Node directive = extends->value;
  const Node* base_name = directive.is_string() ? &directive : directive.find("service");
  if (base_name == nullptr || !base_name->is_string()) return;  // the schema reports what is wrong with it
  const Node* base_file = directive.find("file");
  const Link link{file, name, extends->key_span};
  if (report_cycle(chain, link)) {
    service->erase("extends");
    return;
  }
  if (chain.size() >= kLongestExtends) {
    diagnostics_.add(Diagnostic::error(
        "load-limit", "more than " + std::to_string(kLongestExtends) + " services extend one another in a row",
        link.where));
    service->erase("extends");
    return;
  }
  chain.push_back(link);
  Node* bases = &services;
  std::string base_path = file;
  const TaggedPaths* base_tags = &tags;
  if (base_name->faulty || (base_file != nullptr && base_file->faulty)) {  // reported
    service->erase("extends");
    service->faulty = true;
    chain.pop_back();
    return;
  }
  if (base_file != nullptr && base_file->is_string()) {
    base_path =
        base_file->text.starts_with('/') ? clean_path(base_file->text) : join_path(scope.folder, base_file->text);
    Extended* extended = extended_file(base_path, *base_file, scope);
    bases = extended == nullptr ? nullptr : extended->document.find("services");
    if (extended != nullptr) base_tags = &extended->tags;
  }
  if (bases == nullptr) {
    service->erase("extends");
    service->faulty = true;
    chain.pop_back();
    return;
  }
  if (!bases->contains(base_name->text)) {
    auto item = Diagnostic::error("extends-service",
                                  "service '" + name + "' extends the unknown service '" + base_name->text + "'" +
                                      (bases == &services ? "" : " of '" + access_.display(base_path) + "'"),
                                  base_name->span);
    item.note("services there: " + join_names(names_in(*bases)));
    if (const auto near = nearest(base_name->text, names_in(*bases))) item.with_hint("did you mean '" + *near + "'?");
    diagnostics_.add(std::move(item));
    service->erase("extends");
    service->faulty = true;
    chain.pop_back();
    return;
  }
  brought_.extensions.push_back({name, access_.display(file), base_name->text, access_.display(base_path), link.where});
  extend(*bases, base_name->text, base_path, scope, *base_tags, chain);
  chain.pop_back();
  const Node* base = bases->find(base_name->text);
  service = services.find(name);
  if (base == nullptr || !service->is_map()) return;
  if (!base->is_map()) {
    diagnostics_.add(Diagnostic::error("type",
                                       "the extended service '" + base_name->text + "' must be a mapping, found " +
                                           std::string(base->kind_name()),
                                       base->span)
                         .note("extended here", link.where));
    service->erase("extends");
    service->faulty = true;
    return;
  }
  const std::string too_many = "'extends' copies more than " + std::to_string(kMostValues) + " values";
  if (!take(values_, count_values(*base), too_many, &link.where)) {
    service->erase("extends");
    service->faulty = true;
    return;
  }
  Node merged = *base;
  if (origins_ != nullptr)
    origins_->mark(merged, {OriginStep::Kind::Extended, base_name->text, link.where,
                            bases->find_entry(base_name->text)->key_span, 0});
  Node own = std::move(*service);
  own.erase("extends");
  remove_for(own, tags, {"services", name}, merged);
  merge_tree(merged, std::move(own), "services.x", diagnostics_, origins_);
  merged.erase("extends");
  *service = std::move(merged);
}

ModelLoader::Extended* ModelLoader::extended_file(const std::string& path, const Node& where, Scope& scope) {
  auto& slot = extended_[std::to_string(scope.number) + "\n" + path];
  if (slot) return slot->document.contains("services") ? slot.get() : nullptr;
  slot = std::make_unique<Extended>();
  if (is_remote(where.text)) {
    diagnostics_.add(Diagnostic::error("remote-file",
                                       "extending remote files is not supported yet: '" + where.text + "'", where.span)
                         .with_hint("fetch the file first, and extend the copy"));
    return nullptr;
  }
  SourceFile file;
  if (!read(path, file, &where.span)) return nullptr;
  Node document = Node::map();
  for (Node& part : file.documents) {
    if (!check_root(part)) return nullptr;
    slot->tags = take_tags(part);
    interpolate(part, scope);
    remove_tagged(document, slot->tags);
    merge_tree(document, std::move(part), "", diagnostics_, origins_);
    enforce_unique(document, origins_);
    make_canonical(document, !options_.interpolate, diagnostics_);
    enforce_unique(document, origins_);
  }
  const Node* services = document.find("services");
  if (services == nullptr || !services->is_map()) {
    diagnostics_.add(
        Diagnostic::error("extends-file", "'" + access_.display(path) + "' has no services to extend", where.span));
    return nullptr;
  }
  // Paths of that file start at its folder, seen from this project.
  const std::string folder = relative_path(scope.folder, parent_path(path));
  resolve_paths(document, folder, access_.home(), diagnostics_, origins_);
  slot->document = std::move(document);
  return slot.get();
}

}  // namespace davit::compose
