import Connections
import Domain
import Refresh
import StrictJSON
import Testing

@testable import sallyport

@Suite("What an instance reports of its refreshes, and what operators see of it")
struct RefreshOverviewTests {
    private static func endpoint(
        _ name: String, _ state: EndpointSnapshot.State = .closed, inFlight: Int = 0
    ) -> RefreshReport.Endpoint {
        RefreshReport.Endpoint(
            endpoint: name, state: state, inFlight: inFlight, waiting: 2, consecutiveFailures: 5,
            blockedFor: state == .closed ? nil : .milliseconds(12_340))
    }

    private static func report(_ endpoints: [RefreshReport.Endpoint] = []) -> RefreshReport {
        RefreshReport(
            runsScheduler: true, inFlight: 3, waiting: 0, due: 17, lag: .milliseconds(1_250),
            spool: RefreshReport.Spool(records: 1, bytes: 4_096, isUsable: true, oldestAge: .seconds(2)),
            endpoints: endpoints, clockSkew: .milliseconds(-40))
    }

    private static func instance(_ report: JSONValue, silentFor: Duration = .seconds(1)) -> RefreshOverview.Instance {
        RefreshOverview.Instance(
            id: "inst_1", startedAt: Timestamp(seconds: 1_800_000_000), silentFor: silentFor, report: report)
    }

    private static func overview(_ instances: [RefreshOverview.Instance], backingOff: Int = 2) -> RefreshOverview {
        RefreshOverview(
            backlog: RefreshBacklog(due: 17, lag: .milliseconds(1_250), untilNextDue: .seconds(9)),
            inTrouble: [(.backingOff, backingOff), (.reauthRequired, 1)], instances: instances)
    }

    @Test func `a report is one JSON object`() {
        let json = Self.report([Self.endpoint("https://login.example.com/token", .open)]).json
        #expect(json["in_flight"]?.int == 3)
        #expect(json["lag_ms"]?.int == 1_250)
        #expect(json["clock_skew_ms"]?.int == -40)
        #expect(json["spool"]?["usable"]?.bool == true)
        let endpoint = json["endpoints"]?.elements?.first
        #expect(endpoint?["state"]?.string == "open")
        #expect(endpoint?["blocked_for_ms"]?.int == 12_340)
    }

    @Test func `trouble comes first, and thousands of endpoints with long names still fit`() {
        let calm = (0..<5_000).map { Self.endpoint("https://\($0).example/" + String(repeating: "x", count: 490)) }
        let json = Self.report(calm + [Self.endpoint("https://down.example/token", .halfOpen)]).json
        #expect(json["endpoints"]?.elements?.count == RefreshReport.maxEndpoints)
        #expect(json["endpoints"]?.elements?.first?["endpoint"]?.string == "https://down.example/token")
        #expect(json.encoded.count < 65_536)
    }

    @Test func `people see the figures, the instances and what is in trouble`() {
        let report = Self.report([Self.endpoint("https://a.example/t"), Self.endpoint("https://b.example/t", .open)])
        let text = Self.overview([Self.instance(report.json)]).text
        #expect(text.contains("lag              1.2 s\n"))
        #expect(text.contains("backing_off      2\n"))
        #expect(text.contains("inst_1") && text.contains("https://b.example/t") && text.contains("12.3 s"))
        #expect(!text.contains("https://a.example/t"), "nothing is wrong with it")
    }

    @Test func `an instance that fell silent is told apart, and its trouble is old news`() {
        let report = Self.report([Self.endpoint("https://b.example/t", .open)])
        let text = Self.overview([Self.instance(report.json, silentFor: .seconds(90))]).text
        #expect(text.contains("(silent)") && !text.contains("https://b.example/t"))
    }

    @Test(arguments: [JSONValue.null, [], "text", ["endpoints": "no", "spool": 3, "in_flight": ["a": 1]]])
    func `a report of another version breaks nothing`(_ report: JSONValue) {
        let overview = Self.overview([Self.instance(report)])
        #expect(overview.text.contains("inst_1"))
        #expect(overview.json["instances"]?.elements?.first?["report"] == report)
    }

    @Test func `nobody there, and more in trouble than is counted, are said`() {
        let text = Self.overview([], backingOff: RefreshOverview.maxCounted).text
        #expect(text.contains("1000 or more") && text.contains("No instance"))
    }

    @Test(arguments: [
        (Duration.zero, "0.0 s"), (.milliseconds(49), "0.0 s"), (.milliseconds(1_990), "1.9 s"),
        (.milliseconds(-1_500), "-1.5 s"), (.seconds(3_600), "3600.0 s"),
    ])
    func `times are shown to a tenth of a second`(_ duration: Duration, _ text: String) {
        #expect(RefreshOverview.seconds(duration) == text)
    }
}
