#include "known_images.hpp"

#include <algorithm>
#include <array>

namespace davit::lint {
namespace {

constexpr std::array<std::uint16_t, 1> kPostgres{5432};
constexpr std::array<std::uint16_t, 2> kMysql{3306, 33060};
constexpr std::array<std::uint16_t, 1> kMongo{27017};
constexpr std::array<std::uint16_t, 1> kRedis{6379};
constexpr std::array<std::uint16_t, 1> kMemcached{11211};
constexpr std::array<std::uint16_t, 2> kElastic{9200, 9300};
constexpr std::array<std::uint16_t, 2> kCassandra{9042, 9160};
constexpr std::array<std::uint16_t, 3> kClickhouse{8123, 9000, 9009};
constexpr std::array<std::uint16_t, 1> kInflux{8086};
constexpr std::array<std::uint16_t, 1> kCouch{5984};
constexpr std::array<std::uint16_t, 2> kNeo4j{7687, 7474};
constexpr std::array<std::uint16_t, 1> kMssql{1433};
constexpr std::array<std::uint16_t, 1> kOracle{1521};
constexpr std::array<std::uint16_t, 1> kCockroach{26257};
constexpr std::array<std::uint16_t, 1> kEtcd{2379};

constexpr std::array kDatabases{
    Database{"postgres", "PostgreSQL", kPostgres, "/var/lib/postgresql"},
    Database{"postgresql", "PostgreSQL", kPostgres, "/var/lib/postgresql"},
    Database{"postgis", "PostgreSQL", kPostgres, "/var/lib/postgresql"},
    Database{"timescaledb", "PostgreSQL", kPostgres, "/var/lib/postgresql"},
    Database{"pgvector", "PostgreSQL", kPostgres, "/var/lib/postgresql"},
    Database{"mysql", "MySQL", kMysql, "/var/lib/mysql"},
    Database{"mysql-server", "MySQL", kMysql, "/var/lib/mysql"},
    Database{"mariadb", "MariaDB", kMysql, "/var/lib/mysql"},
    Database{"percona", "MySQL", kMysql, "/var/lib/mysql"},
    Database{"mongo", "MongoDB", kMongo, "/data/db"},
    Database{"mongodb", "MongoDB", kMongo, "/data/db"},
    Database{"redis", "Redis", kRedis, ""},
    Database{"redis-stack", "Redis", kRedis, ""},
    Database{"redis-stack-server", "Redis", kRedis, ""},
    Database{"valkey", "Valkey", kRedis, ""},
    Database{"keydb", "KeyDB", kRedis, ""},
    Database{"dragonfly", "Dragonfly", kRedis, ""},
    Database{"memcached", "memcached", kMemcached, ""},
    Database{"elasticsearch", "Elasticsearch", kElastic, "/usr/share/elasticsearch/data"},
    Database{"opensearch", "OpenSearch", kElastic, "/usr/share/opensearch/data"},
    Database{"cassandra", "Cassandra", kCassandra, "/var/lib/cassandra"},
    Database{"scylla", "ScyllaDB", kCassandra, "/var/lib/scylla"},
    Database{"clickhouse-server", "ClickHouse", kClickhouse, "/var/lib/clickhouse"},
    Database{"influxdb", "InfluxDB", kInflux, ""},
    Database{"couchdb", "CouchDB", kCouch, "/opt/couchdb/data"},
    Database{"neo4j", "Neo4j", kNeo4j, "/data"},
    Database{"cockroach", "CockroachDB", kCockroach, "/cockroach/cockroach-data"},
    Database{"etcd", "etcd", kEtcd, ""},
};

constexpr Database kMssqlServer{"mssql/server", "SQL Server", kMssql, "/var/opt/mssql"};

/// Ports that mean a database whatever the image is called.
constexpr std::array kByPort{
    Database{"", "PostgreSQL", kPostgres, ""}, Database{"", "MySQL", kMysql, ""},
    Database{"", "MongoDB", kMongo, ""},       Database{"", "Redis", kRedis, ""},
    Database{"", "memcached", kMemcached, ""}, Database{"", "SQL Server", kMssql, ""},
    Database{"", "Oracle", kOracle, ""},
};

}  // namespace

ImageName split_image(std::string_view image) {
  ImageName name;
  if (const std::size_t at = image.find('@'); at != std::string_view::npos) {
    name.digest = image.substr(at + 1);
    image = image.substr(0, at);
  }
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.rfind(':');
  // A colon before the last slash is the port of a registry.
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    name.tag = image.substr(colon + 1);
    image = image.substr(0, colon);
  }
  name.repository = image;
  return name;
}

const Database* database_image(std::string_view image) {
  const ImageName name = split_image(image);
  if (name.repository.ends_with(kMssqlServer.image)) return &kMssqlServer;
  const auto found = std::find_if(kDatabases.begin(), kDatabases.end(),
                                  [&](const Database& database) { return database.image == name.last_part(); });
  return found == kDatabases.end() ? nullptr : &*found;
}

const Database* database_port(std::uint16_t port) {
  const auto found = std::find_if(kByPort.begin(), kByPort.end(), [&](const Database& database) {
    return std::find(database.ports.begin(), database.ports.end(), port) != database.ports.end();
  });
  return found == kByPort.end() ? nullptr : &*found;
}

bool is_usual_repository(std::string_view image) {
  constexpr std::array<std::string_view, 14> kNamespaces{
      "library", "postgis",  "timescale",   "pgvector", "clickhouse",    "opensearchproject", "elasticsearch",
      "mssql",   "scylladb", "cockroachdb", "bitnami",  "bitnamilegacy", "percona",           "docker.io"};
  const std::string_view repository = split_image(image).repository;
  const std::size_t slash = repository.rfind('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view above = repository.substr(0, slash);
  const std::string_view owner = above.substr(above.rfind('/') + 1);
  return std::find(kNamespaces.begin(), kNamespaces.end(), owner) != kNamespaces.end();
}

bool reads_secret_files(std::string_view image) {
  constexpr std::array<std::string_view, 10> kImages{"postgres", "mysql", "mariadb",   "mongo", "postgis",
                                                     "percona",  "ghost", "wordpress", "neo4j", "timescaledb"};
  return std::find(kImages.begin(), kImages.end(), split_image(image).last_part()) != kImages.end();
}

}  // namespace davit::lint
