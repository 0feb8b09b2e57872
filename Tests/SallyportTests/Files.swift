import TestSupport

enum Files {
    /// Runs `body` with a new file that holds the text.
    static func with(_ text: String, _ body: (String) async throws -> Void) async throws {
        try await TestDirectory.with { directory in
            let path = directory + "/sallyport.yaml"
            try TextFiles.write(text, to: path)
            try await body(path)
        }
    }
}
