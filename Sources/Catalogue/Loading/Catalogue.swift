package import Domain
package import EmbeddedFiles
internal import Yams

/// The providers that an installation knows: those of the binary, and those of a directory that add to them or replace
/// them by name.
package struct Catalogue: Sendable {
    /// By name.
    package let providers: [Provider]
    private let byName: [Slug: Provider]

    private init(_ byName: [Slug: Provider]) {
        self.byName = byName
        self.providers = byName.values.sorted { $0.name.description < $1.name.description }
    }

    package func provider(_ name: Slug) -> Provider? { byName[name] }

    /// Largest file that is looked at.
    static let maxFileBytes = 64 * 1_024

    /// Loads and checks every entry.
    ///
    /// - Parameter directory: its files that end with `.yaml`, each with one entry; nil for the binary's alone.
    /// - Throws: every finding of every file. A catalogue with a bad entry isn't loaded at all: a connection on that entry
    ///   would fail later, and with less to say.
    package static func load(
        builtIn: [EmbeddedFile] = EmbeddedFiles.providers, directory: String? = nil
    ) throws(CatalogueError) -> Catalogue {
        var findings: [LintFinding] = []
        var byName = load(builtIn, &findings)
        if let directory {
            let files = CatalogueDirectory.files(in: directory, &findings)
            for (name, provider) in load(files, &findings) { byName[name] = provider }
        }
        guard findings.isEmpty else { throw CatalogueError(findings: findings) }
        return Catalogue(byName)
    }

    /// One entry, checked.
    package static func parse(_ file: EmbeddedFile) throws(CatalogueError) -> Provider {
        var decoder = EntryDecoder()
        let provider: Provider
        do throws(LintFinding) {
            provider = try decoder.provider(try root(of: file))
        } catch {
            throw CatalogueError(findings: [error.at(file: file.name, line: error.line)])
        }
        let errors = lint(provider).filter { $0.severity == .error }
        guard errors.isEmpty else {
            let placed = errors.map { $0.at(file: file.name, line: decoder.line(of: $0.subject)) }
            throw CatalogueError(findings: placed)
        }
        return provider
    }

    /// What is wrong with an entry, warnings too; empty where all is well.
    package static func lint(_ provider: Provider) -> [LintFinding] { Lint.findings(provider) }

    private static func load(_ files: [EmbeddedFile], _ findings: inout [LintFinding]) -> [Slug: Provider] {
        var byName: [Slug: Provider] = [:]
        for file in files {
            do throws(CatalogueError) {
                let provider = try parse(file)
                if byName.updateValue(provider, forKey: provider.name) != nil {
                    findings.append(LintFinding(file: file.name, line: nil, subject: "name", reason: .duplicateName))
                }
            } catch {
                findings += error.findings
            }
        }
        return byName
    }

    private static func root(of file: EmbeddedFile) throws(LintFinding) -> EntryNode {
        guard file.text.utf8.count <= maxFileBytes else { throw LintFinding(subject: "file", reason: .tooLarge) }
        do {
            guard let node = try Yams.compose(yaml: file.text) else {
                throw LintFinding(subject: "file", reason: .notYAML)
            }
            return EntryNode(node)
        } catch let finding as LintFinding {
            throw finding
        } catch {
            throw YAMLFault.finding(error)
        }
    }
}
