import Connections
import Testing

@testable import sallyport

@Suite("doctor knows a database that forgets, and refreshes that are late")
struct DurabilityTests {
    private static func outcome(
        _ commit: String, fsync: Bool = true, standbys: Bool = false, replicas: Int = 0
    ) -> Finding.Outcome {
        DurabilityChecks.finding(
            DurabilityChecks.Durability(
                synchronousCommit: commit, hasFsync: fsync, hasSynchronousStandbys: standbys, replicas: replicas)
        ).outcome
    }

    @Test func `commits that are not synced are a failure`() {
        #expect(Self.outcome("off") == .failed)
        #expect(Self.outcome("off", standbys: true, replicas: 1) == .failed)
        #expect(Self.outcome("on", fsync: false) == .failed)
    }

    @Test func `a replica that commits don't wait for is a warning`() {
        #expect(Self.outcome("on", replicas: 1) == .warning)
        #expect(Self.outcome("remote_apply", replicas: 3) == .warning)
        #expect(Self.outcome("local", standbys: true, replicas: 1) == .warning)
        #expect(Self.outcome("local", replicas: 1) == .warning)
    }

    @Test func `a server alone, and one whose commits wait, are well`() {
        for commit in ["on", "local", "remote_write", "remote_apply"] { #expect(Self.outcome(commit) == .ok) }
        for commit in ["on", "remote_write", "remote_apply"] {
            #expect(Self.outcome(commit, standbys: true) == .ok)
            #expect(Self.outcome(commit, standbys: true, replicas: 2) == .ok)
        }
    }

    @Test func `late refreshes say whether anybody works`() {
        func finding(_ lag: Duration, _ alive: Int) -> Finding {
            DurabilityChecks.finding(RefreshBacklog(due: 9, lag: lag, untilNextDue: nil), aliveInstances: alive)
        }
        #expect(finding(.seconds(60), 0).outcome == .ok)
        #expect(finding(.seconds(61), 1).outcome == .warning)
        #expect(finding(.seconds(61), 1).mend?.contains("refresh status") ?? false)
        #expect(finding(.seconds(61), 0).mend?.contains("start one") ?? false)
    }
}
