internal import Glibc

/// Where PostgreSQL's server programs are.
struct ServerBinaries: Sendable {
    let directory: String

    var initdb: String { directory + "/initdb" }
    var postgres: String { directory + "/postgres" }

    /// `SALLYPORT_PG_BINDIR`, else the newest of Debian's versions, else the first in `PATH`.
    static func find() throws(ClusterError) -> ServerBinaries {
        if let chosen = Environment.value("SALLYPORT_PG_BINDIR"), !chosen.isEmpty {
            guard isComplete(chosen) else { throw .binariesNotFound }
            return ServerBinaries(directory: chosen)
        }
        let base = "/usr/lib/postgresql"
        let versions = FileSystem.entries(base).compactMap(Int.init).sorted(by: >)
        let installed = versions.map { "\(base)/\($0)/bin" }
        let path = Environment.value("PATH") ?? ""
        let candidates = installed + path.split(separator: ":").map(String.init)
        guard let directory = candidates.first(where: isComplete) else { throw .binariesNotFound }
        return ServerBinaries(directory: directory)
    }

    private static func isComplete(_ directory: String) -> Bool {
        unsafe access(directory + "/initdb", X_OK) == 0 && access(directory + "/postgres", X_OK) == 0
    }
}

enum Environment {
    static func value(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
