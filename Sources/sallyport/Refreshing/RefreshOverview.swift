import Connections
import Domain
import Store
import StrictJSON

/// How the refreshes of the whole installation stand, as the database tells: what is due, who works on it, what is in trouble.
struct RefreshOverview: Sendable {
    struct Instance: Sendable {
        let id: String
        let startedAt: Timestamp
        let silentFor: Duration
        /// What it wrote of itself; null for one that wrote nothing that can be read.
        let report: JSONValue

        /// Heartbeats come every five seconds; three that are missing make a silence.
        var isAlive: Bool { silentFor < .seconds(20) }
    }

    /// Instances that have been silent for longer are of no interest: they left without a word.
    static let longestSilence = Duration.seconds(86_400)
    /// Connections in trouble are counted so far: an operator needs the order of magnitude.
    static let maxCounted = 1_000

    let backlog: RefreshBacklog
    /// By status; `maxCounted` stands for that many or more.
    let inTrouble: [(status: ConnectionStatus, count: Int)]
    let instances: [Instance]

    static func read(_ installation: Installation) async throws -> RefreshOverview {
        let instances = try await InstanceQueries(client: installation.postgres, logger: installation.logger).all()
        let environments = try await installation.environments.list()
        var inTrouble: [(ConnectionStatus, Int)] = []
        for status in [ConnectionStatus.backingOff, .reauthRequired] {
            var count = 0
            for environment in environments where count < maxCounted {
                count += try await installation.count(status, in: environment, upTo: maxCounted - count)
            }
            inTrouble.append((status, count))
        }
        return RefreshOverview(
            backlog: try await installation.stores.refreshes.backlog(), inTrouble: inTrouble,
            instances: instances.filter { $0.silentFor < longestSilence }.map(Instance.init))
    }

    var json: JSONValue {
        [
            "due": .int(Int64(backlog.due)), "lag_ms": .optional(backlog.lag),
            "next_due_in_ms": .optional(backlog.untilNextDue),
            "connections": .object(inTrouble.map { JSONMember($0.status.rawValue, .int(Int64($0.count))) }),
            "instances": .array(instances.map(\.json)),
        ]
    }
}

extension RefreshOverview.Instance {
    init(_ row: InstanceReport) {
        // Another version may have written something else; what can't be read is shown as nothing.
        let report = row.report.flatMap { text in try? JSONValue.parse(Array(text.utf8)) }
        self.init(
            id: row.id.description, startedAt: row.startedAt, silentFor: row.silentFor, report: report ?? .null)
    }

    var json: JSONValue {
        [
            "id": .string(id), "alive": .bool(isAlive), "started_at": .string(startedAt.rfc3339),
            "silent_for_ms": .optional(silentFor), "report": report,
        ]
    }
}

extension Installation {
    /// How many connections of an environment are in a status, counted up to a bound, page by page.
    fileprivate func count(
        _ status: ConnectionStatus, in environment: Environment, upTo bound: Int
    ) async throws -> Int {
        var filter = ConnectionFilter()
        filter.status = status
        var count = 0
        var start = PageStart<ConnectionKind>.first
        while count < bound {
            guard let page = PageRequest(start: start, limit: min(200, bound - count)) else { break }
            let found = try await connections.list(filter, page: page, .ofCommandLine(in: environment.id)).elements
            count += found.count
            guard found.count == page.limit, let last = found.last else { break }
            start = .after(last.id)
        }
        return count
    }
}
