import Connections
import Domain
import Identity
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("Vectors and metadata of the standards")
struct StandardsTests {
    /// RFC 8037 appendix A.4: a JWS over `Example of Ed25519 signing`.
    private static let jws =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4"
        + "ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    private static let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"

    @Test func `signs as RFC 8037 A.4 and verifies as A.5`() throws {
        let seed = SecretBytes(copying: try #require(Base64URL.decode(Self.seed)))
        let key = try Ed25519.PrivateKey(seed: seed)
        let parts = Self.jws.split(separator: ".").map(String.init)
        let input = Array((parts[0] + "." + parts[1]).utf8)
        let signature = try #require(Base64URL.decode(parts[2]))
        #expect(key.sign(input) == signature)
        #expect(Ed25519.isValid(signature, for: input, publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature, for: input + [0], publicKey: key.publicKey))
    }

    /// A signature over another kind of message by a key that we trust is still no caller token.
    @Test func `takes no other JWS of a trusted key`() async throws {
        let world = try await IdentityWorld()
        let known = try await IdentityWorld.add(
            world.base.environment.id, .verify, world.signingStore, world.base,
            seed: SecretBytes(copying: try #require(Base64URL.decode(Self.seed))))
        try await world.keys.reload()
        #expect(known.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(world.refusal(Array(Self.jws.utf8)) == .wrongType)
    }

    @Test func `describes the authorization server (RFC 8414 §2)`() throws {
        let json = AuthorizationServerMetadata.json(issuer: "https://vault.example.com")
        let root = try JSONDocument(parsing: json, secret: false).root
        #expect(root["issuer"]?.string == "https://vault.example.com")
        #expect(root["token_endpoint"]?.string == "https://vault.example.com/oauth2/token")
        #expect(root["jwks_uri"]?.string == "https://vault.example.com/.well-known/jwks.json")
        #expect(root["grant_types_supported"]?.elements?.compactMap(\.string) == ["client_credentials"])
        #expect(root["response_types_supported"]?.elements?.isEmpty == true)
        #expect(root["scopes_supported"]?.elements?.compactMap(\.string) == ["proxy", "tokens:fetch"])
        #expect(
            root["authorization_details_types_supported"]?.elements?.compactMap(\.string) == ["sallyport_connection"])
    }
}
