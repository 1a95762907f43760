#pragma once
// One set of files that merge into one document, with what they include and extend.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "davit/yaml/parse.hpp"
#include "limits.hpp"
#include "phases.hpp"
#include "project_files.hpp"

namespace davit::compose {

/// A file that is being loaded, and the place that names it in the file before; unknown for the project's own files.
struct Inclusion {
  std::string path;
  Span where;
};

/// The surroundings of a set of files: a project, or one `include`.
struct Scope {
  std::size_t number = 0;  ///< each has its own
  std::string folder;      ///< absolute; relative paths start here
  std::string relative;    ///< what they are prefixed with: the folder, seen from the including scope
  Environment environment;
  VariablePlaces places;         ///< of the variables that came from env files
  std::vector<Inclusion> trail;  ///< files that are being included, outermost first
  Span included_at;              ///< what the scope's files are named by
  Missing missing = Missing::IsUnset;
};

/// A file that is read and parsed.
struct SourceFile {
  std::string path;
  std::shared_ptr<const std::string> name;  ///< in spans
  std::vector<yaml::Node> documents;
};

/// Whether a file is to be fetched, which davit cannot.
[[nodiscard]] bool is_remote(std::string_view path);

class ModelLoader {
 public:
  /// With `origins`, every step that changes a value is recorded there.
  ModelLoader(const LoadOptions& options, const FileAccess& access, Diagnostics& diagnostics, Origins* origins)
      : options_(options), access_(access), diagnostics_(diagnostics), origins_(origins) {}

  /// Reads and parses a file; false after an error. `where` names the place that asked for it.
  bool read(const std::string& path, SourceFile& file, const Span* where = nullptr);
  /// The same for a text that is there already.
  bool parse(const std::string& text, const std::string& name, SourceFile& file);

  /// What was found on the way.
  [[nodiscard]] const Brought& brought() const { return brought_; }
  /// A file of the project is left out, after an error.
  void leave_out() { brought_.everything = false; }

  /// Every file that was parsed, once, if the options ask for it.
  [[nodiscard]] std::vector<ParsedFile> take_documents() { return std::move(documents_); }

  /// Loads and merges files in order: interpolate, include, extends, merge, validate, canonical, defaults, paths.
  [[nodiscard]] yaml::Node load(std::vector<SourceFile> files, Scope& scope);

 private:
  struct Extended {
    yaml::Node document;
    TaggedPaths tags;
  };
  struct Link {
    std::string file;
    std::string service;
    Span where;
  };

  /// Counts against a limit; false, after one message, when it is passed.
  bool take(Budget& budget, std::size_t amount, const std::string& what, const Span* where);
  void interpolate(yaml::Node& document, const Scope& scope);
  void merge_document(yaml::Node document, const SourceFile& file, Scope& scope, yaml::Node& into);
  bool check_root(yaml::Node& document);
  void keep(const SourceFile& file);
  /// Aliases and merge keys of a file, which the tree names by their numbers, become steps of its values.
  void take_reuses(const std::vector<yaml::Reuse>& reuses, SourceFile& file);
  /// Removes from `earlier`, which stands at `prefix`, what tags in `later` ask for, before `later` merges over it.
  void remove_for(yaml::Node& later, const TaggedPaths& tags, const std::vector<std::string>& prefix,
                  yaml::Node& earlier);

  void include(yaml::Node& document, const SourceFile& file, Scope& scope, const TaggedPaths& tags);
  void include_one(const yaml::Node& item, yaml::Node& document, const SourceFile& file, Scope& scope,
                   const TaggedPaths& tags);
  /// Whether the file that `where` names is being included already; reports it then.
  bool report_include_cycle(const std::string& target, const Span& where, const Scope& scope);
  std::string include_folder(const yaml::Node& directory, const Scope& scope);
  /// The files that an include names, as far as they can be read.
  std::vector<SourceFile> read_included(const std::vector<const yaml::Node*>& paths, const Scope& scope);
  void include_environment(const yaml::Node* files, const std::string& folder, Scope& inner, const Scope& scope);
  void import(yaml::Node& from, yaml::Node& into, const TaggedPaths& tags, const Span& where);

  void extend_all(yaml::Node& document, const SourceFile& file, Scope& scope, const TaggedPaths& tags);
  void extend(yaml::Node& services, const std::string& name, const std::string& file, Scope& scope,
              const TaggedPaths& tags, std::vector<Link>& chain);
  /// The file that a service extends from, read once per scope; null after an error.
  Extended* extended_file(const std::string& path, const yaml::Node& where, Scope& scope);
  bool report_cycle(const std::vector<Link>& chain, const Link& next);

  const LoadOptions& options_;
  const FileAccess& access_;
  Diagnostics& diagnostics_;
  Origins* origins_;
  std::size_t scopes_ = 0;                                     ///< beside the first one
  std::map<std::string, std::unique_ptr<Extended>> extended_;  ///< by scope and path: each has its variables
  std::vector<ParsedFile> documents_;
  Brought brought_;
  Budget parsed_{kMostParsed};
  Budget values_{kMostValues};
  Budget merged_{kMostMerged};
};

}  // namespace davit::compose
