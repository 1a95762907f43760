#pragma once
// The state of one make_up_plan(): what was decided for each service, and the steps that follow.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan_builder.hpp"
#include "selection.hpp"

namespace davit::plan {

/// One container that is to be there.
struct Replica {
  std::optional<SlotId> place;
  int number = 1;
  std::string name;
  const engine::ObservedContainer* existing = nullptr;
  std::string recreate;                  ///< why the existing one is replaced; empty: it is kept
  std::vector<ImageGuard> guards;        ///< it is replaced only if one of these images changed
  std::vector<ImageGuard> start_guards;  ///< the same for its start
  StepId create = 0;
  StepId stop = 0;   ///< of the existing one, which is replaced or restarted
  StepId ready = 0;  ///< the step after which it may be started; 0: at once
  StepId start = 0;

  [[nodiscard]] SlotId slot() const { return place.value(); }
};

struct ServicePlan {
  const model::Service* service = nullptr;
  enum class Named { No, Yes };
  Named named = Named::Yes;  ///< on the command line; No: a dependency
  StepId image_step = 0;     ///< builds or pulls its image
  std::vector<Replica> replicas;
  bool restarted = false;          ///< containers are replaced or restarted, maybe under guards
  std::vector<ImageGuard> guards;  ///< when `restarted` only may happen
  std::map<Condition, StepId> waits;
};

class UpPlanner {
 public:
  UpPlanner(const model::Project& project, const engine::Observed& observed, const UpOptions& options)
      : project_(project), observed_(observed), options_(options), index_(observed), builder_(project.name) {}

  /// Decides everything about these services; finish() afterwards. `also` has its image, networks and volumes planned
  /// too, but no containers.
  [[nodiscard]] Diagnostics plan_services(const std::set<std::string>& selected, const std::set<std::string>& named,
                                          const model::Service* also = nullptr);
  /// `run`: a container of its own after the dependencies, which were planned before, with the service as `also`.
  [[nodiscard]] Diagnostics plan_one_off(const ServicePtr& service, const RunOptions& run);
  /// `start`: the containers that exist, nothing is made.
  [[nodiscard]] Diagnostics plan_existing(const std::set<std::string>& selected, const std::set<std::string>& named);
  [[nodiscard]] Plan finish();

 private:
  // up_checks.cpp
  void check_services(const std::vector<const model::Service*>& services);
  void check_range(const model::Service& service, const model::Port& port, std::int64_t replicas);
  void check_ports(const std::vector<const model::Service*>& services);
  [[nodiscard]] std::int64_t replicas_of(const model::Service& service) const;
  // up_resources.cpp
  void plan_images(const std::vector<const model::Service*>& services);
  void plan_image(const model::Service& service);
  enum class Present { No, Yes };  ///< an image, on this machine
  void plan_pull(const model::Service& service, const std::string& image, Present is_present);
  void plan_networks(const std::vector<const model::Service*>& services);
  void plan_network(const model::Network& network);
  void refuse_running_one_offs(const model::Network& network);
  void plan_volumes(const std::vector<const model::Service*>& services);
  void plan_volume(const model::Volume& volume);
  void keep_changed_volume(const model::Volume& volume);
  void keep_foreign_volume(const model::Volume& volume);
  void warn_of_volume(const model::Volume& volume, const std::string& what);
  [[nodiscard]] std::vector<Edge> replace_volume(const model::Volume& volume);
  // up_containers.cpp
  void plan_containers(const model::Service& service, ServicePlan::Named named);
  std::vector<Replica> existing_replicas(const ServicePlan& plan);
  void judge_existing(const ServicePlan& plan, Replica& replica) const;
  [[nodiscard]] std::string why_recreate(const ServicePlan& plan, const engine::ObservedContainer& existing) const;
  void judge_image(const ServicePlan& plan, Replica& replica) const;
  void judge_dependencies(const ServicePlan& plan, Replica& replica) const;
  [[nodiscard]] std::string donors_now(const model::Service& service) const;
  void scale(ServicePlan& plan, std::vector<Replica> existing);
  void add_slot(const ServicePlan& plan, Replica& replica);
  void create(const ServicePlan& plan, Replica& replica);
  void swap(const ServicePlan& plan, Replica& replica);
  StepId remove(const engine::ObservedContainer& container, const std::string& cause, const Span& where);
  StepId stop(SlotId slot, const engine::ObservedContainer& container, const std::string& cause, const Span& where);
  void note_restart(ServicePlan& plan);
  void restart_for_dependencies(ServicePlan& plan);
  [[nodiscard]] std::vector<Edge> before_create(const model::Service& service, CreateContainer& operation);
  void add_donor(const std::string& donor, const Span& where, CreateContainer& operation, std::vector<Edge>& after);
  // up_start.cpp
  void plan_start(ServicePlan& plan);
  [[nodiscard]] std::string why_start(const Replica& replica) const;
  void restart_for_networks();
  void restart_for_network(const std::string& network, StepId removal, const engine::ObservedContainer& container);
  void await_dependencies(const model::Service& service);
  [[nodiscard]] std::vector<Edge> before_start(const model::Service& service);
  [[nodiscard]] StepId wait_for(ServicePlan& dependency, Condition condition, const std::string& cause,
                                const Span& where);
  void plan_orphans();
  void await_named(const std::set<std::string>& named);

  const model::Project& project_;
  const engine::Observed& observed_;
  const UpOptions& options_;
  ObservedIndex index_;
  PlanBuilder builder_;
  Diagnostics problems_;
  std::map<std::string, ServicePlan> services_;
  std::map<std::string, StepId> image_steps_;        ///< by image name
  std::map<std::string, StepId> network_steps_;      ///< creation, by key
  std::map<std::string, StepId> replaced_networks_;  ///< removal, by name on the machine
  std::map<std::string, StepId> volume_steps_;       ///< by key
  std::map<ContainerId, StepId> removed_;            ///< containers that go for good, and their stop
  std::map<std::string, StepId> freed_names_;        ///< of containers that go, and their removal
  std::vector<const model::Service*> order_;         ///< dependencies first
};

/// Services whose namespaces a service shares, with the attribute that says so.
[[nodiscard]] std::map<std::string, std::string> donors_of(const model::Service& service);
/// `volumes_from` of a service.
[[nodiscard]] std::vector<CreateContainer::VolumesOf> volumes_of(const model::Service& service);

}  // namespace davit::plan
