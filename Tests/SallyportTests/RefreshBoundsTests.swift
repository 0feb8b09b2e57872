import Refresh
import Testing

@testable import sallyport

@Suite("The bounds of refreshing fit each other, or nothing starts")
struct RefreshBoundsTests {
    private static func bounds(_ settings: String...) async throws -> RefreshBounds {
        RefreshBounds(try await SettingsLoader(file: nil, overrides: settings, environment: [:]).load())
    }

    @Test func `the defaults do`() async throws {
        let bounds = try await Self.bounds()
        #expect(bounds.faults == [])
        #expect(bounds.eventRetention == .seconds(7 * 86_400))
        #expect(bounds.runsScheduler)
    }

    @Test(arguments: [
        ("refresh.lease=39s", "refresh.lease"), ("refresh.request_timeout=21s", "refresh.lease"),
        ("refresh.request_timeout=99ms", "refresh.request_timeout"), ("refresh.request_timeout=0s", "100ms"),
        ("refresh.unresolved_wait=19s", "refresh.unresolved_wait"), ("refresh.unresolved_wait=0s", "second instance"),
        ("refresh.spool_directory=spool", "absolute"), ("refresh.spool_directory=", "absolute"),
        ("refresh.spool_bytes=1MiB", "8MiB"), ("refresh.spool_bytes=0", "8MiB"),
    ])
    func `a fault names its key`(_ setting: String, _ hint: String) async throws {
        let bounds = try await Self.bounds(setting)
        #expect(bounds.faults.count == 1)
        #expect(bounds.faults.first?.contains(hint) ?? false, "\(bounds.faults)")
        let settings = try await SettingsLoader(file: nil, overrides: [setting], environment: [:]).load()
        #expect(throws: SettingsError.self) { try RefreshBounds.checked(settings) }
    }

    @Test func `a lease of exactly twice the request is enough`() async throws {
        #expect(try await Self.bounds("refresh.lease=4s", "refresh.request_timeout=2s").faults == [])
    }

    @Test(arguments: [
        "refresh.max_in_flight=0", "refresh.endpoint_rate=0", "refresh.endpoint_concurrency=-1",
        "refresh.max_attempts_per_hour=0", "refresh.scheduler=no", "refresh.lease=2d", "refresh.event_retention=30m",
        "refresh.event_retention=7", "refresh.event_retention=0d", "refresh.event_retention=4000d",
    ])
    func `a value that makes no sense is refused`(_ setting: String) async {
        await #expect(throws: SettingsError.self) {
            try await SettingsLoader(file: nil, overrides: [setting], environment: [:]).load()
        }
    }

    @Test func `each setting reaches the engine`() async throws {
        let settings = RefreshSettings(
            try await Self.bounds(
                "refresh.lease=8s", "refresh.request_timeout=3s", "refresh.unresolved_wait=90s",
                "refresh.max_in_flight=7", "refresh.endpoint_concurrency=5", "refresh.endpoint_rate=11",
                "refresh.max_attempts_per_hour=13"))
        #expect(settings.leaseDuration == .seconds(8))
        #expect(settings.requestTimeout == .seconds(3))
        #expect(settings.unresolvedWait == .seconds(90))
        #expect(settings.maxScheduledFlights == 7)
        #expect(settings.maxFlights > settings.maxScheduledFlights, "callers have room besides")
        #expect(settings.endpoints.maxConcurrent == 5)
        #expect(settings.endpoints.perSecond == 11)
        #expect(settings.maxAttemptsPerHour == 13)
    }

    @Test(arguments: [("1h", Int64(3_600)), ("7d", 604_800), ("3653d", 315_619_200)])
    func `a period is whole hours or days`(_ text: String, _ seconds: Int64) {
        #expect(Setting.Kind.period(from: text) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "d", "7", "-1d", "+1d", "1.5d", "1 d", "1w", "1dd", "d1", "٧d", "99999999999999999999d", "7D",
    ])
    func `anything else is none`(_ text: String) {
        #expect(Setting.Kind.period(from: text) == nil)
    }
}
