import Foundation
import Testing

/// Whatever Swift the documentation shows stands in this target, where it is compiled, and most of it run.
@Suite("documentation's code")
struct DocumentationCodeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func pages() throws -> [URL] {
        let catalogue = root.appending(path: "Sources/OData/OData.docc")
        let articles = try FileManager.default.contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)
        return articles.filter { $0.pathExtension == "md" } + [root.appending(path: "docs/odata.md")]
            + [root.appending(path: "README.md")]
    }

    private static func sources() throws -> [[String]] {
        let folder = root.appending(path: "Tests/ODataTutorialTests")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "swift" }
            .map { lines(try String(contentsOf: $0, encoding: .utf8)) }
    }

    @Test func `every Swift block of the documentation is code of this target`() throws {
        let sources = try Self.sources()
        var count = 0
        for page in try Self.pages() {
            for block in Self.blocks(try String(contentsOf: page, encoding: .utf8)) {
                count += 1
                #expect(
                    sources.contains { Self.contains($0, block) },
                    "\(page.lastPathComponent): \(block.joined(separator: "\n"))")
            }
        }
        #expect(count > 20)
    }

    /// Without indentation and empty lines, which differ.
    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private static func blocks(_ page: String) -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in lines(page) {
            if line == "```swift" {
                block = []
            } else if line == "```", let whole = block {
                blocks.append(whole)
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    private static func contains(_ source: [String], _ block: [String]) -> Bool {
        guard let first = block.first else { return true }
        return source.indices.contains { start in
            source[start] == first && source[start...].prefix(block.count).elementsEqual(block)
        }
    }
}
