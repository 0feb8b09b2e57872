internal import EmbeddedFiles
internal import FoundationEssentials

/// Reads an operator's entries from a directory, at start.
enum CatalogueDirectory {
    private static let maxFiles = 1_000

    /// Files that end with `.yaml` in alphabetical order; anything else in the directory is left alone.
    static func files(in directory: String, _ findings: inout [LintFinding]) -> [EmbeddedFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
        } catch {
            findings.append(LintFinding(file: directory, subject: "directory", reason: .unreadable))
            return []
        }
        guard names.count <= maxFiles else {
            findings.append(LintFinding(file: directory, subject: "directory", reason: .tooLarge))
            return []
        }
        return names.compactMap { name in
            guard let text = read(directory + "/" + name) else {
                findings.append(LintFinding(file: name, subject: "file", reason: .unreadable))
                return nil
            }
            return EmbeddedFile(name: name, text: text)
        }
    }

    /// Nil for what can't be read, is larger than any entry, or is no UTF-8.
    private static func read(_ path: String) -> String? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let size = attributes?[.size] as? Int ?? (attributes?[.size] as? UInt64).map(Int.init),
            size <= Catalogue.maxFileBytes, let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}
