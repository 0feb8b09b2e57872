import Glibc
import Sodium
import Testing
import Vault

@Suite("Wrapping a key of the process's own files")
struct LocalKeyTests {
    private let root: LocalRootKey
    private let key = SecretBytes.random(count: 32)

    init() throws {
        root = try #require(LocalRootKey(SecretBytes.random(count: 32)))
    }

    private func refusal(_ root: LocalRootKey? = nil, of wrapped: [UInt8]) async -> VaultError? {
        do throws(VaultError) {
            _ = try await (root ?? self.root).unwrap(wrapped, for: .refreshSpool)
            return nil
        } catch {
            return error
        }
    }

    @Test func `opens to the key that was wrapped`() async throws {
        let wrapped = try await root.wrap(key, for: .refreshSpool)
        #expect(try Envelope.Header(of: wrapped).kind == .localKey)
        #expect(try await root.unwrap(wrapped, for: .refreshSpool).constantTimeEquals(key))
    }

    @Test func `wraps anew each time`() async throws {
        #expect(try await root.wrap(key, for: .refreshSpool) != root.wrap(key, for: .refreshSpool))
    }

    @Test(arguments: [KeyOwner.environment(Fixture.environment()), Fixture.owner()])
    func `an owner's key does not open here, nor this one there`(owner: KeyOwner) async throws {
        let ofOwner = try await root.wrap(key, owner: owner, version: 1)
        #expect(await refusal(of: ofOwner) == .wrongKind)
        let local = try await root.wrap(key, for: .refreshSpool)
        await #expect(throws: VaultError.wrongKind) { try await root.unwrap(local, owner: owner, version: 1) }
    }

    @Test func `a kind that was rewritten does not open either`() async throws {
        var ofOwner = try await root.wrap(key, owner: Fixture.owner(), version: 1)
        ofOwner[3] = EnvelopeKind.localKey.rawValue
        #expect(await refusal(of: ofOwner) == .commitmentMismatch)
        var local = try await root.wrap(key, for: .refreshSpool)
        local[3] = EnvelopeKind.tenantKey.rawValue
        await #expect(throws: VaultError.commitmentMismatch) {
            try await root.unwrap(local, owner: Fixture.owner(), version: 1)
        }
    }

    @Test func `another root key does not open it`() async throws {
        let other = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        #expect(await refusal(other, of: try await root.wrap(key, for: .refreshSpool)) == .commitmentMismatch)
    }

    @Test func `no changed byte goes unnoticed`() async throws {
        let wrapped = try await root.wrap(key, for: .refreshSpool)
        for offset in wrapped.indices {
            var changed = wrapped
            changed[offset] ^= 1
            #expect(await refusal(of: changed) != nil, "byte \(offset)")
        }
        #expect(await refusal(of: []) == .malformed)
        #expect(await refusal(of: Array(wrapped.dropLast())) != nil)
    }

    @Test func `a key file wraps like the key in it`() async throws {
        let path = "/tmp/sallyport-localkey-" + Hex.encode(Random.bytes(8))
        defer { _ = unsafe unlink(path) }
        let file = try FileRootKeyProvider.create(at: path)
        let wrapped = try await file.wrap(key, for: .refreshSpool)
        let again = try FileRootKeyProvider(path: path)
        #expect(try await again.unwrap(wrapped, for: .refreshSpool).constantTimeEquals(key))
    }
}
