#include "config_digests.hpp"

#include <filesystem>

#include "davit/base/error.hpp"
#include "davit/image/image_store.hpp"

namespace davit::cli {
namespace {

using yaml::Entry;
using yaml::Node;

/// The local store, but none is made for a question.
class LocalDigests {
 public:
  explicit LocalDigests(const std::string& data_root) {
    if (std::filesystem::exists(data_root)) store_.emplace(image::ImageStore::open(data_root));
  }

  [[nodiscard]] std::optional<std::string> find(const image::Reference& name) const {
    const auto image = store_ ? store_->find(name) : std::nullopt;
    return image ? std::optional(image->id.str()) : std::nullopt;
  }

 private:
  std::optional<image::ImageStore> store_;
};

Diagnostic no_digest(const std::string& image, const std::string& service, const Node& where) {
  return Diagnostic::error(
             "no-digest",
             "the image '" + image + "' of service '" + service + "' has no digest: it is not in the local store",
             where.span)
      .note("davit cannot ask registries")
      .with_hint("build it with 'davit build', or bring it in with 'davit image load' or 'davit image import'");
}

void resolve(Node& image, const std::string& service, const LocalDigests& digests, Diagnostics& diagnostics) {
  const auto name = image::Reference::parse(image.text);
  if (!name) {
    Diagnostic problem = name.error();
    problem.where = image.span;
    diagnostics.add(std::move(problem));
    return;
  }
  if (name->digest()) {
    image.text = name->key();
  } else if (const auto digest = digests.find(*name)) {
    image.text = name->to_string() + "@" + *digest;
  } else {
    diagnostics.add(no_digest(image.text, service, image));
  }
}

}  // namespace

void resolve_image_digests(const Context& context, compose::Loaded& loaded) {
  Node* services = loaded.tree.find("services");
  if (services == nullptr) return;
  const LocalDigests digests(context.data_root());
  Diagnostics diagnostics;
  for (Entry& service : services->entries) {
    Node* image = service.value.find("image");
    if (image == nullptr || image->text.empty()) continue;
    const std::string before = image->text;
    resolve(*image, service.key, digests, diagnostics);
    loaded.origins.mark_normalised(*image, before);
  }
  if (diagnostics.empty()) return;
  diagnostics.sort_and_unique();
  print(context, diagnostics);
  throw ExitWith{1};
}

Node images_only(const Node& tree) {
  Node services = Node::map();
  if (const Node* all = tree.find("services"))
    for (const Entry& service : all->entries) {
      Node only = Node::map();
      if (const Node* image = service.value.find("image")) only.set("image", *image);
      services.set(service.key, std::move(only), service.key_span);
    }
  Node document = Node::map();
  document.set("services", std::move(services));
  return document;
}

}  // namespace davit::cli
