import Domain
import Identity
import Sodium
import TestSupport
import Testing

@Suite("Attacks on caller tokens (RFC 8725, RFC 9068 §4)")
struct CallerTokenAttackTests {
    private let world: IdentityWorld
    private let forge: Forge

    init() async throws {
        world = try await IdentityWorld()
        forge = Forge(world: world)
    }

    @Test func `takes what the forge makes when nothing is wrong with it`() throws {
        let token = try world.verify(forge.token())
        #expect(token.principal.tenantID == world.base.tenant.id)
        #expect(token.principal.permissions == .proxy)
    }

    @Test(arguments: [
        "\"none\"", "\"None\"", "\"NONE\"", "\"nOnE\"", "\"\"", "null", "\"eddsa\"", "\"EDDSA\"", "\"EdDSA \"",
        "\"EdDSA\\u0000\"", "\"Ed25519\"", "\"Ed448\"", "\"ES256\"", "\"ES256K\"", "\"RS256\"", "\"PS256\"",
        "\"HS256\"", "\"HS512\"", "1", "[\"EdDSA\"]", "{}", "true",
    ])
    func `refuses every algorithm but ours, signed, unsigned or half signed`(_ algorithm: String) {
        let header = forge.header(alg: algorithm)
        #expect(world.refusal(forge.token(header: header)) != nil)
        #expect(world.refusal(forge.token(header: header) { _ in [] }) != nil)
        let hasNoSignature = forge.token(header: header) { _ in [UInt8](repeating: 0, count: 64) }
        #expect([.unsupportedAlgorithm, .malformed].contains(world.refusal(hasNoSignature)))
    }

    @Test func `refuses a header without an algorithm`() {
        let header = "{\"typ\":\"at+jwt\",\"kid\":\"\(world.own.kid)\"}"
        #expect(world.refusal(forge.token(header: header)) == .unsupportedAlgorithm)
    }

    @Test func `refuses an HMAC keyed with the public key`() {
        for algorithm in ["HS256", "EdDSA"] {
            for secret in [world.own.key.publicKey, Array(Base64URL.encode(world.own.key.publicKey).utf8)] {
                let token = forge.token(header: forge.header(alg: "\"\(algorithm)\"")) { input in
                    let code = HMACSHA256.authenticate(input, key: SecretBytes(copying: secret))
                    return code + code
                }
                #expect(world.refusal(token) == (algorithm == "EdDSA" ? .badSignature : .unsupportedAlgorithm))
            }
        }
    }

    @Test(arguments: [0, 1, 32, 63, 65, 96, 114, 128])
    func `refuses a signature of another curve's length`(_ length: Int) {
        let token = forge.token(header: forge.header) { _ in [UInt8](repeating: 7, count: length) }
        #expect(world.refusal(token) == .malformed)
    }

    @Test func `refuses a signature that was made malleable`() throws {
        // The order of the group added to S: RFC 8032 §5.1.7 wants S below it.
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        let token = forge.token(header: forge.header) { input in
            var signature = world.own.key.sign(input)
            var carry: UInt16 = 0
            for index in 0..<32 {
                let sum = UInt16(signature[32 + index]) + UInt16(order[index]) + carry
                signature[32 + index] = UInt8(truncatingIfNeeded: sum)
                carry = sum >> 8
            }
            return signature
        }
        #expect(world.refusal(token) == .badSignature)
    }

    @Test(arguments: [
        "\"\"", "\"unknown\"", "\"../../../../dev/null\"", "\"/etc/passwd\"", "\"' OR '1'='1\"",
        "\"x' UNION SELECT 'secret' --\"", "\"|id\"", "\"https://evil.example/key\"", "null", "0", "[]", "{}",
    ])
    func `looks a kid up and does nothing else with it`(_ kid: String) {
        #expect(world.refusal(forge.token(header: forge.header(alg: "\"EdDSA\"", kid: kid))) == .unknownKey)
    }

    @Test func `refuses a header without a kid, and never falls back on a default key`() {
        #expect(world.refusal(forge.token(header: "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}")) == .unknownKey)
    }

    @Test(arguments: [
        "\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "\"jku\":\"https://evil.example/jwks\"",
        "\"x5u\":\"https://evil.example/c\"", "\"x5c\":[\"AAAA\"]", "\"x5t\":\"AAAA\"", "\"crit\":[\"exp\"]",
        "\"crit\":[]", "\"b64\":false", "\"zip\":\"DEF\"", "\"cty\":\"JWT\"", "\"enc\":\"A256GCM\"", "\"ALG\":\"none\"",
    ])
    func `refuses a header that would bring a key or change a rule`(_ member: String) {
        let header = String(forge.header.dropLast()) + "," + member + "}"
        #expect(world.refusal(forge.token(header: header)) == .forbiddenHeader)
    }

    @Test func `refuses a key of the attacker's in the header`() throws {
        let attacker = try Ed25519.PrivateKey(seed: .random(count: 32))
        let header =
            String(forge.header.dropLast())
            + ",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(Base64URL.encode(attacker.publicKey))\"}}"
        #expect(world.refusal(forge.token(header: header, key: attacker)) == .forbiddenHeader)
        #expect(world.refusal(forge.token(key: attacker)) == .badSignature)
    }

    @Test(arguments: [
        "\"alg\":\"EdDSA\"", "\"alg\":\"none\"", "\"\\u0061lg\":\"none\"", "\"kid\":\"x\"", "\"typ\":\"at+jwt\"",
    ])
    func `refuses a member that is there twice`(_ member: String) {
        for header in [
            String(forge.header.dropLast()) + "," + member + "}", "{" + member + "," + String(forge.header.dropFirst()),
        ] {
            #expect(world.refusal(forge.token(header: header)) == .malformed)
        }
    }

    @Test func `refuses a claim that is there twice`() {
        for member in ["\"exp\":9999999999", "\"tid\":\"\(world.base.neighbour.id)\"", "\"\\u0065xp\":9999999999"] {
            let claims = String(forge.claims().dropLast()) + "," + member + "}"
            #expect(world.refusal(forge.token(claims: claims)) == .malformed)
        }
    }

    @Test(arguments: [
        "\"JWT\"", "\"jwt\"", "\"at\"", "\"\"", "null", "\"dpop+jwt\"", "\"application/jwt\"", "\"at+jwt \"",
        "\"application/application/at+jwt\"", "\"id_token\"", "1",
    ])
    func `refuses another type of token that the same key may have signed`(_ type: String) {
        #expect(world.refusal(forge.token(header: forge.header(alg: "\"EdDSA\"", typ: type))) == .wrongType)
    }

    @Test(arguments: ["\"AT+JWT\"", "\"application/at+jwt\"", "\"Application/At+Jwt\""])
    func `compares the type as a media type`(_ type: String) {
        #expect(world.refusal(forge.token(header: forge.header(alg: "\"EdDSA\"", typ: type))) == nil)
    }

    @Test func `refuses what is larger than any token`() {
        let long = String(repeating: "a", count: 5_000)
        #expect(
            world.refusal(forge.token(header: forge.header(alg: "\"EdDSA\"", kid: "\"\(long)\""))) == .tooLarge)
        #expect(world.refusal([UInt8](repeating: UInt8(ascii: "."), count: 4_097)) == .tooLarge)
        #expect(world.refusal([UInt8](repeating: UInt8(ascii: "A"), count: 1 << 20)) == .tooLarge)
    }

    @Test func `refuses a form that isn't three canonical parts`() throws {
        let token = String(decoding: forge.token(), as: UTF8.self)
        let parts = token.split(separator: ".").map(String.init)
        let forms = [
            "", ".", "..", "...", "a.b.c", token + ".", "." + token, parts[0] + "." + parts[1],
            parts[0] + "." + parts[1] + ".", parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2],
            token + "." + parts[2] + "." + parts[2], token + "=", token + "\n", token + " ", " " + token, token + "\0",
            "Bearer " + token, parts[0] + "=." + parts[1] + "." + parts[2], token + "A",
            token.replacing("_", with: "/"),
            parts[0] + "." + parts[1] + "." + parts[2] + "=", parts.joined(separator: "..."), "\u{FEFF}" + token,
            parts[0] + " ." + parts[1] + "." + parts[2], parts.joined(separator: "\u{FF0E}"),
        ]
        for form in forms where form != token {
            #expect(world.refusal(Array(form.utf8)) == .malformed, "\(form)")
        }
        #expect(world.refusal([0xFF, 0xFE, 0x2E, 0x80, 0x2E, 0xC0]) == .malformed)
    }

    @Test func `refuses text that is no object`() {
        for text in ["", "null", "[]", "\"x\"", "1", "{", "{}x", "{\"alg\":}", "\u{FEFF}{}", "{\"a\":\"\\ud800\"}"] {
            let refusal = world.refusal(forge.token(header: text))
            #expect(refusal == .malformed)
            #expect(world.refusal(forge.token(claims: text)) == .malformed)
        }
        let bomb = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
        #expect(world.refusal(forge.token(header: "{\"alg\":\(bomb)}")) == .malformed)
    }

    @Test func `refuses a token of another environment's key, whichever kid it names`() {
        let foreign = forge.header(alg: "\"EdDSA\"", kid: "\"\(world.foreign.kid)\"")
        // Its key, its kid, our environment in the claims.
        #expect(world.refusal(forge.token(header: foreign, key: world.foreign.key)) == .wrongEnvironment)
        // Its key under our kid, and our key under its kid.
        #expect(world.refusal(forge.token(key: world.foreign.key)) == .badSignature)
        #expect(world.refusal(forge.token(header: foreign)) == .badSignature)
        // Its environment in the claims, our key.
        let claims = forge.claims(["env": "\"\(world.foreign.environmentID)\""])
        #expect(world.refusal(forge.token(claims: claims)) == .wrongEnvironment)
        #expect(world.refusal(forge.token(header: foreign, claims: claims, key: world.foreign.key)) == nil)
    }

    @Test func `refuses parts of two true tokens put together`() async throws {
        let first = String(decoding: try await world.issue(), as: UTF8.self).split(separator: ".")
        let second = String(decoding: try await world.issue([.fetchTokens]), as: UTF8.self).split(separator: ".")
        let mixed = "\(first[0]).\(second[1]).\(first[2])"
        #expect(world.refusal(Array(mixed.utf8)) == .badSignature)
    }

    @Test func `refuses a token with any single character changed, removed or added`() async throws {
        let token = try await world.issue()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        #expect(world.refusal(token) == nil)
        for index in token.indices {
            var substitutes: Set<UInt8> = [UInt8(ascii: "."), UInt8(ascii: "="), token[index] ^ 0x20, token[index] ^ 1]
            if let place = alphabet.firstIndex(of: token[index]) {
                for step in [1, 16, 32] { substitutes.insert(alphabet[(place + step) % 64]) }
            }
            for substitute in substitutes where substitute != token[index] {
                var changed = token
                changed[index] = substitute
                if world.refusal(changed) == nil { Issue.record("byte \(index) as \(substitute)") }
            }
            var shorter = token
            shorter.remove(at: index)
            if world.refusal(shorter) == nil { Issue.record("without byte \(index)") }
            var longer = token
            longer.insert(UInt8(ascii: "A"), at: index)
            if world.refusal(longer) == nil { Issue.record("with another byte at \(index)") }
        }
    }

    @Test func `refuses a token cut off at any place`() async throws {
        let token = try await world.issue()
        for length in 0..<token.count where world.refusal(Array(token[..<length])) == nil {
            Issue.record("cut to \(length)")
        }
    }
}
