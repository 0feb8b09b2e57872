import NIOCore
import NIOPosix
import PeerTokens
import StrictJSON
import Synchronization
import Testing

@testable import TokenPeer

@Suite("The token endpoint over sockets")
struct ListenerTests {
    @Test func `a refresh is answered and counted`() async throws {
        try await Rig.run { rig in
            let answer = try await rig.send(rig.refresh("f", 0))
            #expect(answer.status == 200)
            #expect(answer.json?["refresh_token"]?.string == rig.text("f", 1))
            #expect(answer.json?["expires_in"]?.int == 300)
            #expect(answer.json?["access_token"]?.string == "at.f.1.1300000")
            #expect(rig.tokens.account["granted"]?.int == 1)
            #expect(rig.tokens.family("f")?["last_answer"]?.string == "whole")
        }
    }

    @Test func `requests in one piece are answered one after the other`() async throws {
        try await Rig.run { rig in
            let all = (0..<5).map { rig.refresh("f", $0) }.joined()
            let text = try await rig.exchange(all, until: 5)
            #expect(text.components("HTTP/1.1 200").count == 6)
            #expect(rig.tokens.account["granted"]?.int == 5)
        }
    }

    @Test func `a request in small pieces is one request`() async throws {
        try await Rig.run { rig in
            let bytes = Array(rig.refresh("f", 0).utf8)
            let pieces = stride(from: 0, to: bytes.count, by: 7).map {
                String(decoding: bytes[$0..<min($0 + 7, bytes.count)], as: UTF8.self)
            }
            let text = try await rig.exchange(pieces, until: 1)
            #expect(text.contains("HTTP/1.1 200"))
            #expect(rig.tokens.account["requests"]?.int == 1)
        }
    }

    @Test(arguments: [
        "GET\r\n\r\n", "POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /token HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST /token HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /token HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "POST /token SPDY/3\r\n\r\n",
    ])
    func `what is no request closes the connection`(text: String) async throws {
        try await Rig.run { rig in
            let answer = try await rig.exchange(text, until: nil)
            #expect(answer.isEmpty)
        }
    }

    @Test func `a dropped answer has spent the token`() async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","drop_after_processing":1}"#)
            #expect(try await rig.exchange(rig.refresh("f", 0), until: nil) == "")
            try rig.setFaults(#"{"mode":"none"}"#)
            #expect(try await rig.send(rig.refresh("f", 0)).status == 400)
            let account = rig.tokens.account
            #expect(account["reused"]?.int == 1)
            #expect(account["lost_answers"]?.int == 1)
            #expect(account["reuses"]?.elements?.first?["first_answer"]?.string == "dropped")
        }
    }

    @Test func `a cut answer is shorter than it says`() async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","cut":1}"#)
            let text = try await rig.exchange(rig.refresh("f", 0), until: nil)
            #expect(!text.contains(rig.text("f", 1)))
            #expect(rig.tokens.family("f")?["last_answer"]?.string == "cut")
        }
    }

    @Test func `a dripping answer arrives whole`() async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","drip":1,"drip_ms":20}"#)
            #expect(try await rig.send(rig.refresh("f", 0)).json?["refresh_token"]?.string == rig.text("f", 1))
            #expect(rig.tokens.family("f")?["last_answer"]?.string == "whole")
        }
    }

    @Test func `a caller that doesn't wait loses the answer to a spent token`() async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","latency_ms":60000}"#)
            try await rig.sendAndLeave(rig.refresh("f", 0))
            #expect(try await rig.awaits { rig.tokens.family("f")?["last_answer"]?.string == "gone" })
            #expect(rig.tokens.account["lost_answers"]?.int == 1)
        }
    }

    @Test(arguments: [
        ("server_error", 503), ("rate_limited", 429), ("redirect", 302), ("empty_400", 400), ("html_500", 500),
        ("invalid_client", 401), ("malformed", 200),
    ])
    func `a fault before processing leaves the token good`(kind: String, status: Int) async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","\#(kind)":1}"#)
            #expect(try await rig.send(rig.refresh("f", 0)).status == status)
            try rig.setFaults(#"{"mode":"none"}"#)
            #expect(try await rig.send(rig.refresh("f", 0)).json?["refresh_token"]?.string == rig.text("f", 1))
            #expect(rig.tokens.account["faults"]?[kind]?.int == 1)
        }
    }

    @Test(arguments: [("seconds", "Retry-After: 7\r\n"), ("date", "Retry-After: Thu, 01 Jan 1970 00:16:47 GMT\r\n")])
    func `a rate limit says when to come again`(form: String, header: String) async throws {
        try await Rig.run { rig in
            try rig.setFaults(#"{"mode":"mix","rate_limited":1,"retry_after":7,"retry_after_form":"\#(form)"}"#)
            #expect(try await rig.exchange(rig.refresh("f", 0), until: 1).contains(header))
        }
    }

    @Test func `a peer that is down refuses, and comes back on the same port`() async throws {
        try await Rig.run { rig in
            try await rig.listener.close().get()
            await #expect(throws: (any Error).self) { try await rig.send(rig.refresh("f", 0)) }
            try await rig.listener.open().get()
            #expect(try await rig.send(rig.refresh("f", 0)).status == 200)
        }
    }

    @Test func `access tokens are good until they expire or their family is revoked`() async throws {
        try await Rig.run { rig in
            func check(_ token: String) async throws -> Int {
                try await rig.send("GET /any?token=\(token) HTTP/1.1\r\n\r\n").status
            }
            _ = try await rig.send(rig.refresh("f", 0))
            #expect(try await check("at.f.1.1000001") == 200)
            #expect(try await check("at.f.1.1000000") == 401)
            #expect(try await check("at.f.2.9000000") == 401)
            #expect(try await check("nonsense") == 401)
            #expect(try await rig.send("GET / HTTP/1.1\r\nAuthorization: Bearer at.f.1.1000001\r\n\r\n").status == 200)
            _ = try await rig.send(rig.refresh("f", 0))
            #expect(try await check("at.f.1.1000001") == 401)
        }
    }

    @Test func `client credentials give a token and spend nothing`() async throws {
        try await Rig.run { rig in
            let answer = try await rig.send(Rig.post("grant_type=client_credentials"))
            #expect(answer.status == 200)
            #expect(answer.json?["refresh_token"] == nil)
        }
    }

    @Test(arguments: [
        "", "grant_type=password", "grant_type=refresh_token", "grant_type=refresh_token&refresh_token=rt.f.0.x",
    ])
    func `what can't be granted is refused`(form: String) async throws {
        try await Rig.run { rig in
            let answer = try await rig.send(Rig.post(form))
            #expect(answer.status == 400)
        }
    }
}
