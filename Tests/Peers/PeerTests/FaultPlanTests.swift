import StrictJSON
import Testing

@testable import TokenPeer

@Suite("Faults on demand")
struct FaultPlanTests {
    private func read(_ json: String) -> FaultPlan? { FaultPlan(json: Array(json.utf8), keeping: .zero) }

    @Test func `every fault is known by its name, and happens as often as it was asked for`() throws {
        for fault in Fault.allCases {
            let plan = try #require(read(#"{"mode":"mix","\#(fault.rawValue)":0.25}"#))
            #expect(plan.fault(0) == fault)
            #expect(plan.fault(0.2499) == fault)
            #expect(plan.fault(0.25) == nil)
        }
    }

    @Test func `faults share the lots without overlapping`() throws {
        let plan = try #require(read(#"{"mode":"mix","server_error":0.5,"cut":0.5}"#))
        #expect(plan.fault(0.49) == .serverError)
        #expect(plan.fault(0.51) == .cut)
        #expect(plan.fault(0.9999) == .cut)
    }

    @Test(arguments: [#"{"mode":"none","cut":1}"#, #"{"cut":1}"#])
    func `nothing happens unless the mode is mix`(json: String) throws {
        let plan = try #require(read(json))
        #expect(plan.fault(0) == nil)
    }

    @Test(arguments: [
        "", "[]", "{", #"{"mode":"chaos"}"#, #"{"unknown":1}"#, #"{"cut":1.1}"#, #"{"cut":-0.1}"#, #"{"cut":"1"}"#,
        #"{"cut":0.6,"drip":0.6}"#, #"{"latency_ms":-1}"#, #"{"latency_ms":0.5}"#, #"{"retry_after":-1}"#,
        #"{"retry_after_form":"epoch"}"#, #"{"cut":1,"cut":1}"#,
    ])
    func `a plan that can't be followed is refused`(json: String) {
        #expect(read(json) == nil)
    }

    @Test func `what is written is read back`() throws {
        let plan = try #require(
            read(#"{"mode":"mix","latency_ms":7,"jitter_ms":8,"drip_ms":9,"rate_limited":0.125,"retry_after":3}"#))
        #expect(
            FaultPlan(json: plan.json.encoded, keeping: .zero)
                == FaultPlan(json: plan.json.encoded, keeping: .seconds(1)))
        let again = try #require(FaultPlan(json: plan.json.encoded, keeping: .zero))
        #expect(again.latency == .milliseconds(7))
        #expect(again.probabilities[.rateLimited] == 0.125)
        #expect(again.retryAfterSeconds == 3)
    }

    @Test func `lots depend on seed, family and presentation, and on nothing else`() {
        func lots(_ seed: UInt64, _ family: String, _ presentation: Int) -> [Double] {
            var lots = Lots(seed: seed, family: family, presentation: presentation)
            return (0..<4).map { _ in lots.next() }
        }
        #expect(lots(1, "a", 0) == lots(1, "a", 0))
        #expect(lots(1, "a", 0) != lots(2, "a", 0))
        #expect(lots(1, "a", 0) != lots(1, "b", 0))
        #expect(lots(1, "a", 0) != lots(1, "a", 1))
    }

    @Test func `lots are even enough to be probabilities`() {
        let count = 20_000
        let below = (0..<count).count { number in
            var lots = Lots(seed: 9, family: "family \(number)", presentation: 0)
            return lots.next() < 0.1
        }
        #expect((1_800...2_200).contains(below))
    }
}

@Suite("Dates of the peer (RFC 9110 §5.6.7)")
struct HTTPDateTextTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_795_541_207, "Tue, 24 Nov 2026 17:26:47 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func `a second has its date`(seconds: Int64, text: String) {
        #expect(HTTPDateText.text(seconds) == text)
    }
}
