import EmbeddedFiles
import Glibc
import Testing

@Suite("Files that the binary carries")
struct EmbeddedFilesTests {
    @Test func `every migration of the folder is embedded, in order and unchanged`() throws {
        let names = try SourceTree.names(in: "migrations", suffix: ".sql")
        #expect(!names.isEmpty)
        #expect(EmbeddedFiles.migrations.map(\.name) == names)
        for file in EmbeddedFiles.migrations {
            #expect(try SourceTree.bytes(of: "migrations/" + file.name) == Array(file.text.utf8))
        }
    }

    @Test func `every provider of the folder is embedded, in order and unchanged`() throws {
        let folder = "Sources/Catalogue/Providers"
        let names = try SourceTree.names(in: folder, suffix: ".yaml")
        #expect(!names.isEmpty)
        #expect(EmbeddedFiles.providers.map(\.name) == names)
        for file in EmbeddedFiles.providers {
            #expect(try SourceTree.bytes(of: folder + "/" + file.name) == Array(file.text.utf8))
        }
    }

    @Test func `the description of the API is the one in the documentation`() throws {
        #expect(try SourceTree.bytes(of: "docs/openapi.yaml") == EmbeddedFiles.openAPI)
    }

    @Test func `migrations are numbered without a gap and named after what they do`() {
        for (index, file) in EmbeddedFiles.migrations.enumerated() {
            let number = String(index + 1)
            let prefix = String(repeating: "0", count: 4 - number.count) + number + "_"
            #expect(file.name.hasPrefix(prefix))
            #expect(file.name.wholeMatch(of: /[0-9]{4}_[a-z]+(_[a-z]+)+\.sql/) != nil)
        }
    }
}

/// The source tree that this test was built from.
enum SourceTree {
    struct Unreadable: Error { let path: String }

    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        .joined(separator: "/")

    static func names(in folder: String, suffix: String) throws -> [String] {
        guard let directory = unsafe opendir(root + "/" + folder) else { throw Unreadable(path: folder) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(suffix) { names.append(name) }
        }
        return names.sorted()
    }

    static func bytes(of path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(root + "/" + path, "r") else { throw Unreadable(path: path) }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }

    static func text(of path: String) throws -> String {
        String(decoding: try bytes(of: path), as: UTF8.self)
    }
}
