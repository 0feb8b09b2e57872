import PeerTokens
import Testing

@testable import TokenPeer

@Suite("Rotation with reuse detection (RFC 9700 §4.14)")
struct FamiliesTests {
    private func token(_ generation: Int, _ family: String = "f") -> PeerRefreshToken {
        PeerRefreshToken(family: family, generation: generation)
    }

    @Test func `each generation is good once, and gives the next`() {
        var families = Families(rotates: true)
        for generation in 0..<5 {
            #expect(families.present(token(generation), at: 1) == .granted(next: token(generation + 1)))
        }
        #expect(families["f"]?.grants == 5)
    }

    @Test func `a generation that comes again revokes the family for good`() {
        var families = Families(rotates: true)
        _ = families.present(token(0), at: 10)
        families.end(token(1), .whole)
        let reuse = Reuse(
            family: "f", generation: 0, at: 20, firstUseAt: 10, wasInProgress: false, firstAnswer: .whole)
        #expect(families.present(token(0), at: 20) == .reused(reuse))
        #expect(families.present(token(1), at: 30) == .revoked)
        #expect(families.present(token(0), at: 40) == .revoked)
        #expect(families["f"]?.reuses == 1)
    }

    @Test func `a second use at the same time is told from a later one`() {
        var families = Families(rotates: true)
        _ = families.present(token(3), at: 10)
        guard case .reused(let reuse) = families.present(token(3), at: 11) else {
            Issue.record("a token was good twice")
            return
        }
        #expect(reuse.wasInProgress)
        #expect(reuse.firstAnswer == nil)
    }

    @Test(arguments: [Delivery.dropped, .cut, .gone, .unreadable])
    func `a reuse says that the first answer never arrived`(delivery: Delivery) {
        var families = Families(rotates: true)
        _ = families.present(token(0), at: 10)
        families.end(token(1), delivery)
        guard case .reused(let reuse) = families.present(token(0), at: 20) else {
            Issue.record("a token was good twice")
            return
        }
        #expect(reuse.firstAnswer == delivery)
        #expect(!reuse.wasInProgress)
    }

    @Test func `the end of an older exchange doesn't speak for the last`() {
        var families = Families(rotates: true)
        _ = families.present(token(0), at: 10)
        _ = families.present(token(1), at: 20)
        families.end(token(1), .gone)
        #expect(families["f"]?.lastAnswer == nil)
    }

    @Test func `a reuse of long ago names no first use`() {
        var families = Families(rotates: true)
        for generation in 0..<3 { _ = families.present(token(generation), at: Int64(generation)) }
        guard case .reused(let reuse) = families.present(token(0), at: 9) else {
            Issue.record("a token was good twice")
            return
        }
        #expect(reuse.firstUseAt == nil)
        #expect(reuse.firstAnswer == nil)
    }

    @Test func `a family that isn't known begins where its token says`() {
        var families = Families(rotates: true)
        #expect(families.present(token(41), at: 1) == .granted(next: token(42)))
        #expect(families.present(token(41, "g"), at: 1) == .granted(next: token(42, "g")))
    }

    @Test func `a fault that looks at nothing leaves the token good`() {
        var families = Families(rotates: true)
        families.countUnseen(token(7), at: 1)
        #expect(families.presentations(of: "f") == 1)
        #expect(families.present(token(7), at: 2) == .granted(next: token(8)))
    }

    @Test func `without rotation a token is good for ever`() {
        var families = Families(rotates: false)
        for _ in 0..<3 { #expect(families.present(token(0), at: 1) == .granted(next: token(0))) }
    }
}

@Suite("Tokens of the peer")
struct PeerTokensTests {
    /// Worked out with another implementation of BLAKE2b (RFC 7693), as clients in other languages make them.
    @Test func `the mac is the documented one`() throws {
        let tokens = try PeerTokens(seed: "s1")
        #expect(tokens.text(of: PeerRefreshToken(family: "f1", generation: 1)) == "rt.f1.1.2adc83fe8268efa9")
    }

    @Test func `what was made is read back`() throws {
        let tokens = try PeerTokens(seed: "a")
        let token = PeerRefreshToken(family: "conn_01-x_Y", generation: 1_234_567)
        #expect(tokens.read(Array(tokens.text(of: token).utf8)) == token)
    }

    @Test(arguments: [
        "", "rt", "rt.f.0", "rt.f.0.", "rt.f.0.0000000000000000", "at.f.0.2adc83fe8268efa9", "rt..1.2adc83fe8268efa9",
        "rt.f1.01.2adc83fe8268efa9", "rt.f1.-1.2adc83fe8268efa9", "rt.f1.2.2adc83fe8268efa9",
        "rt.f2.1.2adc83fe8268efa9",
        "rt.f1.1.2adc83fe8268efa9.", "rt.f1.1.2ADC83FE8268EFA9", "rt.f/1.1.2adc83fe8268efa9",
        " rt.f1.1.2adc83fe8268efa9",
        "rt.f1.99999999999999999999.2adc83fe8268efa9",
    ])
    func `what was never made is not read`(text: String) throws {
        #expect(try PeerTokens(seed: "s1").read(Array(text.utf8)) == nil)
    }

    @Test func `another seed's token is not read`() throws {
        let made = try PeerTokens(seed: "s1").text(of: PeerRefreshToken(family: "f", generation: 0))
        #expect(try PeerTokens(seed: "s2").read(Array(made.utf8)) == nil)
    }

    @Test func `an access token tells when it ends`() {
        let token = PeerAccessToken(family: "f", generation: 2, expiresAt: 1_795_541_505_311)
        #expect(token.text == "at.f.2.1795541505311")
        #expect(PeerAccessToken(token.text) == token)
        for text in ["", "at.f.2", "at.f.2.x", "at.f.2.-5", "rt.f.2.5", "at..2.5"] {
            #expect(PeerAccessToken(text) == nil)
        }
    }
}
