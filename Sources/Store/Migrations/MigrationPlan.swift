import EmbeddedFiles
import Sodium

/// A migration as the database remembers it.
struct AppliedMigration: Hashable, Sendable {
    let name: String
    /// SHA-256 of the file, 32 bytes.
    let checksum: [UInt8]
}

/// Decides what is left to run. Files run in the order of their names, and none before the last one that was applied.
enum MigrationPlan {
    /// The files to apply, first to last.
    static func pending(
        files: [EmbeddedFile], applied: [AppliedMigration]
    ) throws(MigrationError) -> [EmbeddedFile] {
        let files = files.sorted { $0.name < $1.name }
        let applied = applied.sorted { $0.name < $1.name }
        for (index, migration) in applied.enumerated() {
            guard index < files.count else { throw .databaseNewer(migration.name) }
            let file = files[index]
            guard file.name == migration.name else { throw mismatch(file: file, applied: migration, files: files) }
            guard checksum(of: file) == migration.checksum else { throw .changed(file.name) }
        }
        return Array(files.dropFirst(applied.count))
    }

    static func checksum(of file: EmbeddedFile) -> [UInt8] { SHA256.hash(Array(file.text.utf8)) }

    private static func mismatch(
        file: EmbeddedFile, applied: AppliedMigration, files: [EmbeddedFile]
    ) -> MigrationError {
        if let last = files.last, applied.name > last.name { return .databaseNewer(applied.name) }
        // The lower of the two names stands on one side alone.
        return .missing(min(file.name, applied.name))
    }
}
