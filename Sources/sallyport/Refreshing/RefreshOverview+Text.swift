import Connections
import Domain
import StrictJSON

extension RefreshOverview {
    /// For people: the figures, a line for each instance, a line for each endpoint that is in trouble.
    var text: String {
        let output = CommandOutput(json: false)
        var text = output.text(showing: .object(figures))
        guard !instances.isEmpty else { return text + "\nNo instance has given a sign of life in a day.\n" }
        text +=
            "\n"
            + output.text(
                listing: instances.map(\.row),
                columns: ["instance", "seen", "scheduler", "in_flight", "waiting", "spool", "clock_skew"])
        let troubled = instances.filter(\.isAlive).flatMap(\.troubled)
        guard !troubled.isEmpty else { return text }
        return text + "\n"
            + output.text(
                listing: troubled, columns: ["instance", "endpoint", "state", "failures", "waiting", "blocked_for"])
    }

    private var figures: [JSONMember] {
        [
            JSONMember("due", .int(Int64(backlog.due))), JSONMember("lag", .string(Self.seconds(backlog.lag))),
            JSONMember("next_due_in", backlog.untilNextDue.map { .string(Self.seconds($0)) } ?? .null),
        ]
            + inTrouble.map { status, count in
                JSONMember(status.rawValue, .string(count < Self.maxCounted ? "\(count)" : "\(count) or more"))
            }
    }

    /// To a tenth of a second.
    static func seconds(_ duration: Duration) -> String {
        let tenths = duration.microseconds / 100_000
        return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10) s"
    }
}

extension RefreshOverview.Instance {
    fileprivate var row: JSONValue {
        func milliseconds(_ name: String) -> JSONValue {
            report[name]?.int.map { .string(RefreshOverview.seconds(.milliseconds($0))) } ?? .null
        }
        let seen = RefreshOverview.seconds(silentFor) + (isAlive ? " ago" : " ago (silent)")
        return [
            "instance": .string(id), "seen": .string(seen), "scheduler": report["scheduler"] ?? .null,
            "in_flight": report["in_flight"] ?? .null, "waiting": report["waiting"] ?? .null,
            "spool": spoolText.map { .string($0) } ?? .null, "clock_skew": milliseconds("clock_skew_ms"),
        ]
    }

    private var spoolText: String? {
        guard let spool = report["spool"], let records = spool["records"]?.int else { return nil }
        return "\(records)" + (spool["usable"]?.bool == false ? " (not usable)" : "")
    }

    fileprivate var troubled: [JSONValue] {
        (report["endpoints"]?.elements ?? []).compactMap { endpoint in
            guard let state = endpoint["state"]?.string, state != "closed" else { return nil }
            let blocked = endpoint["blocked_for_ms"]?.int.map {
                JSONValue.string(RefreshOverview.seconds(.milliseconds($0)))
            }
            return [
                "instance": .string(id), "endpoint": endpoint["endpoint"] ?? .null, "state": .string(state),
                "failures": endpoint["consecutive_failures"] ?? .null, "waiting": endpoint["waiting"] ?? .null,
                "blocked_for": blocked ?? .null,
            ]
        }
    }
}
