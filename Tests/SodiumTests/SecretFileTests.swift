import Glibc
import Sodium
import Testing

@Suite("Writing a file that holds a secret")
final class SecretFileTests {
    /// `IN_CREATE` and `IN_MODIFY` of `<sys/inotify.h>`, enumerators that aren't imported.
    private static let created: UInt32 = 0x100
    private static let modified: UInt32 = 0x2

    private let directory: String

    init() throws {
        var template = Array("/tmp/sallyport-secret-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in names { _ = unsafe unlink(directory + "/" + name) }
        _ = unsafe rmdir(directory)
    }

    private var path: String { directory + "/key" }

    private var names: [String] {
        guard let listing = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(listing) }
        var names: [String] = []
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// What the kernel saw happen to a name while the body ran.
    private func events(of name: String, during body: () throws -> Void) throws -> UInt32 {
        let watcher = inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC))
        try #require(watcher >= 0)
        defer { close(watcher) }
        let watched = unsafe inotify_add_watch(watcher, directory, Self.created | Self.modified)
        try #require(watched >= 0)
        try body()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let length = unsafe read(watcher, &buffer, buffer.count)
        var seen: UInt32 = 0
        var position = 0
        // struct inotify_event: wd, mask, cookie, len (32 bits each), then len bytes of name.
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(buffer[position + offset + $1]) << (8 * UInt32($1)) }
        }
        while position + 16 <= length {
            let size = Int(word(12))
            let text = buffer[(position + 16)..<(position + 16 + size)].prefix { $0 != 0 }
            if String(decoding: text, as: UTF8.self) == name { seen |= word(4) }
            position += 16 + size
        }
        return seen
    }

    @Test func `the name appears when the contents are whole, so that a kill leaves no half of it`() throws {
        let secret = SecretBytes.random(count: 32)
        let seen = try events(of: "key") { try SecretFile.create(path, contents: secret) }
        #expect(seen & Self.created != 0)
        #expect(seen & Self.modified == 0, "nothing is written under the name itself")
        #expect(try SecretFile.read(path, maxBytes: 32).constantTimeEquals(secret))
        #expect(names == ["key"], "nothing is left beside it")
    }

    @Test func `leaves an existing file alone, and nothing beside it`() throws {
        let first = SecretBytes.random(count: 32)
        try SecretFile.create(path, contents: first)
        #expect(throws: SecretFileError.exists) {
            try SecretFile.create(path, contents: SecretBytes.random(count: 32))
        }
        #expect(try SecretFile.read(path, maxBytes: 32).constantTimeEquals(first))
        #expect(names == ["key"])
    }

    @Test func `says why a directory takes no file`() {
        #expect(throws: SecretFileError.refused(code: ENOENT)) {
            try SecretFile.create(directory + "/nowhere/key", contents: SecretBytes.random(count: 32))
        }
    }
}
