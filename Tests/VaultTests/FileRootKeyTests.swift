import Glibc
import Sodium
import Testing
import Vault

@Suite("Reading the root key from a file")
final class FileRootKeyTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/sallyport-rootkey-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["key", "link", "pipe", "other"] { _ = unsafe unlink(directory + "/" + name) }
        _ = unsafe rmdir(directory + "/dir")
        _ = unsafe rmdir(directory)
    }

    private var path: String { directory + "/key" }

    private func write(_ contents: [UInt8], mode: mode_t = 0o600) throws {
        try SecretFile.create(path, contents: SecretBytes(copying: contents))
        #expect(unsafe chmod(path, mode) == 0)
    }

    private func refusal(_ path: String? = nil) -> RootKeyFileError? {
        do throws(RootKeyFileError) {
            _ = try FileRootKeyProvider(path: path ?? self.path)
            return nil
        } catch {
            return error
        }
    }

    private static let key = Array<UInt8>(0..<32)
    private static let hex = Array(Hex.encode(key).utf8)
    private static let base64 = Array(Base64.encode(key).utf8)

    @Test func `a new file holds a key of mode 0600 that wraps`() async throws {
        let made = try FileRootKeyProvider.create(at: path)
        var facts = stat()
        #expect(unsafe stat(path, &facts) == 0)
        #expect(facts.st_mode & 0o7777 == 0o600)
        #expect(facts.st_size == 32)
        let key = SecretBytes.random(count: 32)
        let wrapped = try await made.wrap(key, owner: Fixture.owner(), version: 1)
        let read = try FileRootKeyProvider(path: path)
        #expect(read.id == made.id)
        #expect(try await read.unwrap(wrapped, owner: Fixture.owner(), version: 1).constantTimeEquals(key))
    }

    @Test func `never overwrites a file`() throws {
        let first = try FileRootKeyProvider.create(at: path)
        #expect(throws: RootKeyFileError.file(.exists)) { try FileRootKeyProvider.create(at: path) }
        #expect(try FileRootKeyProvider(path: path).id == first.id)
        #expect(unsafe symlink(directory + "/nowhere", directory + "/link") == 0)
        #expect(throws: RootKeyFileError.file(.exists)) { try FileRootKeyProvider.create(at: directory + "/link") }
    }

    @Test(arguments: [
        key, hex, hex + [0x0A], hex + [0x0D, 0x0A], base64, base64 + [0x0A],
        Array(String(decoding: hex, as: UTF8.self).uppercased().utf8),
    ])
    func `raw, hexadecimal and base64 give the same key`(contents: [UInt8]) throws {
        try write(contents)
        let expected = LocalRootKey(SecretBytes(copying: Self.key))
        #expect(try FileRootKeyProvider(path: path).id == expected?.id)
    }

    @Test(arguments: [
        Array(key.dropLast()), key + [0x0A], Array(hex.dropLast()), hex + [0x0A, 0x0A], [0x20] + hex, hex + [0x20],
        Array(hex.dropLast()) + [0x67], Array(base64.dropLast()), base64 + [0x0D],
        Array(base64.dropLast(2)) + Array("B=".utf8),
        [UInt8](repeating: 1, count: 64), [UInt8](repeating: 0x41, count: 44), [0x0A],
        [UInt8](repeating: 2, count: 128),
    ])
    func `refuses contents that are no key`(contents: [UInt8]) throws {
        try write(contents)
        #expect(refusal() == .notAKey)
    }

    @Test func `refuses a blanked file`() throws {
        try write([UInt8](repeating: 0, count: 32))
        #expect(refusal() == .blank)
    }

    @Test func `refuses an empty and an overlong file`() throws {
        try write([])
        #expect(refusal() == .file(.wrongSize))
        #expect(unsafe unlink(path) == 0)
        try write([UInt8](repeating: 1, count: 129))
        #expect(refusal() == .file(.wrongSize))
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o602, 0o610, 0o601, 0o644, 0o777] as [mode_t])
    func `refuses a file that others may touch`(mode: mode_t) throws {
        try write(Self.key, mode: mode)
        #expect(refusal() == .file(.openToOthers))
    }

    @Test func `takes a file that even its owner cannot write`() throws {
        try write(Self.key, mode: 0o400)
        #expect(refusal() == nil)
    }

    @Test func `refuses what is no regular file`() throws {
        try write(Self.key)
        #expect(unsafe symlink(path, directory + "/link") == 0)
        #expect(unsafe mkfifo(directory + "/pipe", 0o600) == 0)
        #expect(unsafe mkdir(directory + "/dir", 0o700) == 0)
        #expect(refusal(directory + "/link") == .file(.symbolicLink))
        #expect(refusal(directory + "/pipe") == .file(.notRegular))
        #expect(refusal(directory + "/dir") == .file(.notRegular))
        #expect(refusal("/dev/zero") == .file(.notRegular))
        #expect(refusal(directory + "/other") == .file(.missing))
        #expect(refusal(path + "/below") == .file(.missing))
        #expect(refusal("") == .file(.missing))
    }

    @Test func `refuses another user's file`() throws {
        try write(Self.key)
        // Only root can give a file away; elsewhere the rule cannot be staged.
        guard geteuid() == 0 else { return }
        #expect(unsafe chown(path, 12_345, 12_345) == 0)
        #expect(refusal() == .file(.foreignOwner))
    }

    @Test func `different keys have different ids, and an id shows nothing of the key`() throws {
        let one = try #require(LocalRootKey(SecretBytes(copying: Self.key)))
        let two = try #require(LocalRootKey(SecretBytes(copying: Self.key.reversed())))
        #expect(one.id != two.id)
        #expect(one.id.utf8.count == 32)
        #expect(!one.id.contains("00010203"))
        #expect(!"\(one)".contains("00010203"))
        #expect(LocalRootKey(SecretBytes.random(count: 31)) == nil)
    }
}
