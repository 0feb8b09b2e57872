import Catalogue
import Domain
import EmbeddedFiles
import Foundation
import Testing

@Suite("Loading the catalogue")
struct LoadingTests {
    @Test func `has the six built-in entries and no other`() throws {
        #expect(
            try CatalogueSamples.catalogue().providers.map(\.name.description) == [
                "generic-api-key", "generic-basic", "generic-oauth2-client-credentials",
                "generic-oauth2-refresh-token", "sap-s4hana-basic", "sap-s4hana-oauth-client-credentials",
            ])
    }

    @Test func `finds nothing wrong with the built-in entries`() throws {
        for provider in try CatalogueSamples.catalogue().providers { #expect(Catalogue.lint(provider).isEmpty) }
    }

    @Test func `takes the sample that the other tests spoil`() throws {
        let provider = try Catalogue.parse(CatalogueSamples.file(CatalogueSamples.entry))
        #expect(Catalogue.lint(provider).isEmpty)
        #expect(provider.field("api_key")?.isSecret == true)
        #expect(provider.field("host")?.isRequired == true)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let reason: LintFinding.Reason
        let line: Int?
        var testDescription: String { "\(reason.rawValue): \(new)" }
    }

    @Test(arguments: [
        Fault(old: "title: A sample", new: "titel: A sample", reason: .unknownKey, line: 2),
        Fault(old: "title: A sample", new: "colour: red\ntitle: A sample", reason: .unknownKey, line: 2),
        Fault(old: "    title: Key", new: "    title: Key\n    shown: true", reason: .unknownKey, line: 11),
        Fault(old: "title: A sample\n", new: "title: A\ntitle: B\n", reason: .duplicateKey, line: nil),
        Fault(old: "title: A sample\n", new: "", reason: .missingKey, line: 1),
        Fault(old: "title: A sample", new: "title: [A]", reason: .wrongType, line: 2),
        Fault(old: "secret: true", new: "secret: yes", reason: .wrongType, line: 11),
        Fault(old: "secret: true", new: "secret: 1", reason: .wrongType, line: 11),
        Fault(old: "name: sample", new: "name: Sample", reason: .invalidValue, line: 1),
        Fault(old: "name: sample", new: "name: ''", reason: .invalidValue, line: 1),
        Fault(old: "max_length: 200", new: "max_length: many", reason: .wrongType, line: 8),
        Fault(old: "max_length: 200", new: "max_length: 0", reason: .invalidValue, line: 8),
        Fault(old: "- name: host", new: "- name: Host", reason: .invalidValue, line: 4),
        Fault(old: "pattern: '^", new: "pattern: '^(", reason: .invalidValue, line: 6),
        Fault(old: "type: header", new: "type: digest", reason: .invalidValue, line: 15),
        Fault(old: "  name: x-api-key\n", new: "  name: x\n  username: y\n", reason: .unknownKey, line: 17),
        Fault(old: "method: GET", new: "method: POST", reason: .invalidValue, line: 19),
        Fault(old: "path: /status", new: "path: status", reason: .invalidValue, line: 20),
        Fault(old: "{host}/v1", new: "{host/v1", reason: .invalidValue, line: 13),
        Fault(old: "{host}/v1", new: "{host}}/v1", reason: .invalidValue, line: 13),
        Fault(old: "[401, 403]", new: "[401, forbidden]", reason: .wrongType, line: 22),
        Fault(old: "[401, 403]", new: "401", reason: .wrongType, line: 22),
        Fault(old: "fields:", new: "fields: {", reason: .notYAML, line: nil),
        Fault(old: "name: sample", new: "{}", reason: .notYAML, line: nil),
        Fault(old: "title: A sample", new: "title: \"A\\x00\"", reason: .invalidValue, line: 2),
        Fault(old: "title: A sample", new: "title: \"A\\r\\nB\"", reason: .invalidValue, line: 2),
    ])
    func `refuses an entry that isn't exactly of the form, and says on which line`(_ fault: Fault) {
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.entry(fault.old, fault.new))
            Issue.record("the entry was loaded")
        } catch {
            #expect(error.findings.map(\.reason) == [fault.reason])
            #expect(error.findings.first?.file == "sample.yaml")
            if let line = fault.line { #expect(error.findings.first?.line == line) }
        }
    }

    @Test(arguments: ["", "# nothing", "just text", "- a\n- b", "---\nname: a\n---\nname: b"])
    func `refuses what is no entry`(_ text: String) {
        #expect(throws: CatalogueError.self) { try Catalogue.parse(CatalogueSamples.file(text)) }
    }

    @Test func `refuses a file beyond the bound`() {
        let text = CatalogueSamples.entry + "\n# " + String(repeating: "x", count: 64 * 1_024)
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.file(text))
            Issue.record("the entry was loaded")
        } catch {
            #expect(error.findings.map(\.reason) == [.tooLarge])
        }
    }

    @Test func `refuses two entries of one name side by side`() {
        let files = [CatalogueSamples.file(CatalogueSamples.entry), CatalogueSamples.file(CatalogueSamples.entry)]
        #expect(throws: CatalogueError.self) { try Catalogue.load(builtIn: files) }
    }

    @Test func `lets a directory add an entry and replace another`() throws {
        try withDirectory { directory in
            try write(CatalogueSamples.entry, "sample.yaml", directory)
            let replacing = CatalogueSamples.entry("name: sample", "name: generic-basic").text
            try write(replacing, "generic-basic.yaml", directory)
            try write("not an entry", "README.md", directory)
            let catalogue = try Catalogue.load(directory: directory)
            #expect(catalogue.providers.count == 7)
            let replaced = try #require(Slug("generic-basic").flatMap(catalogue.provider))
            #expect(replaced.title == "A sample")
        }
    }

    @Test func `loads nothing where one file of the directory is bad, and names the file and the line`() throws {
        try withDirectory { directory in
            try write(CatalogueSamples.entry, "good.yaml", directory)
            try write(CatalogueSamples.entry("secret: true", "secret: false").text, "bad.yaml", directory)
            do throws(CatalogueError) {
                _ = try Catalogue.load(directory: directory)
                Issue.record("a bad entry was loaded")
            } catch {
                #expect(error.findings.map(\.message) == ["bad.yaml:9: fields.api_key: secret_not_marked"])
            }
        }
    }

    @Test func `says that a directory isn't there`() {
        #expect(throws: CatalogueError.self) { try Catalogue.load(directory: "/nonexistent/sallyport") }
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/catalogue-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, _ name: String, _ directory: String) throws {
        try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
    }
}
