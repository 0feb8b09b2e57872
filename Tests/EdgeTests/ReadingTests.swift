import Domain
@testable import Edge
import Sodium
import Testing

@Suite("Reading what callers send")
struct ReadingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696), ("2026-11-24T13:41:23Z", 1_795_527_683),
        ("2026-11-24T14:41:23+01:00", 1_795_527_683), ("2026-11-24T08:11:23-05:30", 1_795_527_683),
        ("2038-01-19T03:14:08z", 2_147_483_648), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func `an instant (RFC 3339)`(_ text: String, _ seconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == seconds * 1_000_000)
    }

    @Test func `an instant as it is written reads back`() {
        for microseconds: Int64 in [0, 1, 951_827_696_500_000, 1_795_527_683_000_001, 4_102_444_800_000_000] {
            let instant = Timestamp(microseconds: microseconds)
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
        }
    }

    @Test(arguments: [
        "", "2026-11-24", "2026-11-24T13:41:23", "2026-11-24 13:41:23Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-24T24:00:00Z",
        "2026-11-24T13:60:00Z",
        "2026-12-31T23:59:60Z", "2026-11-24T13:41:23.Z", "2026-11-24T13:41:23.1234567Z", "2026-11-24T13:41:23+24:00",
        "2026-11-24T13:41:23+0100", "1969-12-31T23:59:59Z", "+026-11-24T13:41:23Z", "2026-1１-24T13:41:23Z",
        "99999-01-01T00:00:00Z",
    ])
    func `no instant`(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `a trace (W3C Trace Context §3.2)`() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        #expect(TraceParent(good)?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        for bad in [
            nil, "", "01" + good.dropFirst(2), good.uppercased(), good + "-x", String(good.dropLast()),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        ] {
            #expect(TraceParent(bad) == nil)
        }
    }

    @Test func `a form's values, decoded once`() throws {
        let form = try FormParameters(SecretBytes(utf8: "a=1+2&b=%41%3D&c=%2541&empty=&novalue&d==x"))
        #expect(form.text("a") == "1 2")
        #expect(form.text("b") == "A=")
        #expect(form.text("c") == "%41")
        #expect(form.text("d") == "=x")
        #expect(form.text("empty") == nil)
        #expect(form.text("novalue") == nil)
        #expect(throws: FormParameters.Failure.duplicate) { try FormParameters(SecretBytes(utf8: "a=1&%61=2")) }
        for bad in ["a=%", "a=%4", "a=%zz", "%=1", "a=%00"] {
            #expect(throws: FormParameters.Failure.malformed) { try FormParameters(SecretBytes(utf8: bad)) }
        }
        #expect(throws: FormParameters.Failure.tooMany) {
            try FormParameters(SecretBytes(utf8: String(repeating: "&", count: 100)))
        }
    }

    @Test func `a body's type`() {
        for good in [
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            #expect(MediaType.is(good, "application/json"), "\(good)")
        }
        for bad in [
            nil, "", "text/json", "application/json5", "application/json; charset=latin1",
            "application/x; application/json",
        ] {
            #expect(!MediaType.is(bad, "application/json"), "\(bad ?? "none")")
        }
    }

    @Test func `a path finds its route, and only by whole segments`() {
        let table = RouteTable(ControlPlaneRoute.all)
        for (path, isFound) in [
            ("/v1/tenants", true), ("/v1/tenants/x", true), ("/v1/tenants/", false), ("/v1/tenantsx", false),
            ("v1/tenants", false),
            ("/V1/tenants", false), ("/v1/tenants/x/y", false), ("", false), ("/", false), ("/v1/./tenants", false),
            ("/a/b/c/d/e/f/g/h/i/j", false), ("/v1/tenants/" + String(repeating: "x", count: 200), false),
        ] {
            let match = table.match(method: "GET", path: Substring(path))
            if case .route = match { #expect(isFound, "\(path)") } else { #expect(!isFound, "\(path)") }
        }
    }

    @Test func `each route has a handler that its access fits, and no two are the same`() {
        let names = ControlPlaneRoute.all.map(\.name)
        #expect(names.count == Set(names).count)
        #expect(names.count == 31)
    }
}
