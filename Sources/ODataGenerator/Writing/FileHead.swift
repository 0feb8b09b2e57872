extension GeneratorOptions {
    /// In front of declarations: `public `, or nothing.
    var access: String { accessLevel == .internal ? "" : accessLevel.rawValue + " " }

    /// The lines that every file begins with.
    func writeHead(_ swift: inout SwiftText) {
        swift.line(
            "// Written by `odata generate` for the service \(SwiftText.plain(serviceName)). Do not edit: generate it again."
        )
        swift.line()
        swift.line(access + "import OData")
        swift.line()
    }
}
