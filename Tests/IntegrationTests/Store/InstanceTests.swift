import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Instances and what they report")
struct InstanceTests {
    @Test func `an instance reports itself until it leaves, and learns the database's clock`() async throws {
        try await MigratedDatabase.with { migrated in
            let id: InstanceID = World.ids.next()
            let heartbeat = Heartbeat(client: migrated.service, instance: id, logger: .quiet)
            let first = try await heartbeat.beat(rootIDs: ["first"])
            let second = try await heartbeat.beat(rootIDs: ["first", "second"], report: #"{"in_flight": 3}"#)
            #expect(second > first)
            let now = Timestamp(
                microseconds: try await migrated.superuser.number(
                    Statement("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")))
            #expect(second < now && now - second < .seconds(60))
            let row = try await migrated.superuser.read(
                Statement("SELECT root_ids, seen_at > started_at FROM sallyport.instances")
            ).exactlyOne()
            #expect(try row.textArray(0) == ["first", "second"])
            #expect(try row.bool(1))
            let reports = try await InstanceQueries(client: migrated.service, logger: .quiet).all()
            let report = try #require(reports.first)
            #expect(reports.count == 1 && report.id == id && report.report == #"{"in_flight": 3}"#)
            #expect(report.startedAt < report.seenAt && report.silentFor >= .zero && report.silentFor < .seconds(60))
            try await heartbeat.leave()
            #expect(try await InstanceQueries(client: migrated.service, logger: .quiet).all().isEmpty)
        }
    }

    @Test func `whoever was seen last comes first, and one without a report has none`() async throws {
        try await MigratedDatabase.with { migrated in
            let ids: [InstanceID] = [World.ids.next(), World.ids.next(), World.ids.next()]
            for id in ids {
                try await Heartbeat(client: migrated.service, instance: id, logger: .quiet)
                    .beat(rootIDs: [], report: id == ids[2] ? nil : "{}")
            }
            let reports = try await InstanceQueries(client: migrated.service, logger: .quiet).all()
            #expect(reports.map(\.id) == ids.reversed())
            #expect(reports.map(\.report) == [nil, "{}", "{}"])
        }
    }

    @Test func `a report that is too long or no JSON is refused and the last one kept`() async throws {
        try await MigratedDatabase.with { migrated in
            let heartbeat = Heartbeat(client: migrated.service, instance: World.ids.next(), logger: .quiet)
            try await heartbeat.beat(rootIDs: ["root"], report: #"{"a": 1}"#)
            for report in [#"{"a": "# + String(repeating: "1", count: 65_536) + "}", "{", "", "{} {}"] {
                await #expect(throws: StoreError.failed) { try await heartbeat.beat(rootIDs: [], report: report) }
            }
            let reports = try await InstanceQueries(client: migrated.service, logger: .quiet).all()
            #expect(reports.map(\.report) == [#"{"a": 1}"#])
        }
    }
}
