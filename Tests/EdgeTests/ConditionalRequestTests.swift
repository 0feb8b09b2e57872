@testable import Edge
import StrictJSON
import Testing

@Suite("Versions, and writes under a condition (RFC 9110 §13)")
struct ConditionalRequestTests {
    @Test func `a write with the version that was read succeeds, with an older one it is stale`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            for (path, template) in [
                ("/v1/connections/\(fixtures.connection)", #"{"display_name":"N"}"#),
                ("/v1/integrations/\(fixtures.integration)", #"{"allowed_networks":["10.N.0.0/16"]}"#),
            ] {
                func body(_ number: Int) -> String { template.replacing("N", with: String(number)) }
                let read = try await rig.send("GET", path)
                #expect(read.header("etag") == "\"v1\"")
                let stale = try await rig.send("PATCH", path, headers: ["If-Match: \"v7\""], body: body(1))
                #expect(stale.status == 412)
                #expect(stale.code == "stale")
                let written = try await rig.send("PATCH", path, headers: ["If-Match: \"v1\""], body: body(2))
                #expect(written.status == 200, "\(written)")
                #expect(written.header("etag") == "\"v2\"")
                #expect(try await rig.send("PATCH", path, headers: ["If-Match: \"v1\""], body: body(3)).status == 412)
                #expect(try await rig.send("PATCH", path, headers: ["If-Match: *"], body: body(4)).status == 200)
                #expect(try await rig.send("PATCH", path, body: body(5)).header("etag") == "\"v4\"")
            }
        }
    }

    @Test func `a tag that is none of ours never matches`() {
        for tag in ["v1", "\"1\"", "\"v\"", "\"v01\"", "\"v+1\"", "W/\"v1\"", "\"v1\", \"v2\"", "", "\"", "\"v1"] {
            #expect(EntityTag.condition(tag) == .never, "\(tag)")
        }
        #expect(EntityTag.condition("\"v12\"") == .version(12))
        #expect(EntityTag.condition(nil) == .any)
        #expect(EntityTag.condition("*") == .any)
    }

    @Test func `the key set is not sent again to who has it`() async throws {
        try await Rig.run { rig in
            let first = try await rig.send("GET", "/.well-known/jwks.json", bearer: nil)
            #expect(first.status == 200)
            #expect(first.header("content-type") == "application/jwk-set+json")
            #expect(first.header("cache-control") == "public, max-age=300")
            #expect(!first.text.contains("\"d\""))
            let tag = try #require(first.header("etag"))
            for header in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let again = try await rig.send(
                    "GET", "/.well-known/jwks.json", bearer: nil, headers: ["If-None-Match: \(header)"])
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
            }
            let other = try await rig.send(
                "GET", "/.well-known/jwks.json", bearer: nil, headers: ["If-None-Match: \"x\""])
            #expect(other.status == 200)
        }
    }

    @Test func `null removes, what is left out stays`() async throws {
        try await Rig.run { rig in
            let made = try await rig.send("POST", "/v1/tenants", body: #"{"name":"A","external_id":"a-1"}"#)
            let path = try #require(made.header("location"))
            let renamed = try await rig.send("PATCH", path, body: #"{"name":"B"}"#)
            #expect(try renamed.json["external_id"]?.string == "a-1")
            let removed = try await rig.send("PATCH", path, body: #"{"external_id":null}"#)
            #expect(try removed.json["external_id"] == .null)
            #expect(try removed.json["name"]?.string == "B")
            #expect(try await rig.send("PATCH", path, body: #"{"name":null}"#).errors == ["/name wrong_type"])
        }
    }
}
