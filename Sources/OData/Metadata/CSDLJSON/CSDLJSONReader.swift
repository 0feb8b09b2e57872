/// Turns the tree of a CSDL JSON document into the parts of `Metadata`.
struct CSDLJSONReader {
    var parts = MetadataParts()
    /// Namespaces by alias, of schemas and of references.
    var aliases: [String: String] = [:]
    /// Annotations that stand apart, placed when all elements are known.
    var targeted: [TargetedAnnotations] = []
    /// Where the reader is. It stays there when an error is thrown.
    var path: [CSDLJSONPlace.Step] = []
    /// Names of the container's children, of all containers.
    var childNames: Set<String> = []

    static func parse(_ bytes: [UInt8], maxDepth: Int) throws(MetadataError) -> JSONNode {
        do {
            return try JSONNode(parsing: bytes, maxDepth: maxDepth)
        } catch {
            let reason: MetadataError.Reason =
                switch error.reason {
                case .tooDeep: .tooDeep
                case .duplicateName: .duplicate
                default: .syntax
                }
            let place = CSDLJSONPlace(offset: error.offset ?? 0, in: bytes)
            throw MetadataError(reason, line: place.line, column: place.column)
        }
    }

    mutating func parts(of document: JSONNode) throws(MetadataError) -> MetadataParts {
        guard case .object = document else { throw MetadataError(.unknownFormat) }
        let root = try CSDLJSONElement("Document", document)
        try readVersion(root)
        let schemas = root.children
        try readReferences(root)
        try readAliases(schemas)
        for schema in schemas {
            try at(.member(schema.name)) { reader throws(MetadataError) in try reader.read(schema) }
        }
        parts.place(targeted, aliases: aliases)
        if parts.checkInheritance() != nil { throw MetadataError(.inheritanceCycle) }
        return parts
    }

    /// Runs `body` one step further down.
    mutating func at<Result>(
        _ step: CSDLJSONPlace.Step, _ body: (inout CSDLJSONReader) throws(MetadataError) -> Result
    ) throws(MetadataError) -> Result {
        path.append(step)
        let result = try body(&self)
        path.removeLast()
        return result
    }

    private mutating func readVersion(_ root: CSDLJSONElement) throws(MetadataError) {
        let text = try at(.member("$Version")) { _ throws(MetadataError) in try root.required("$Version") }
        switch text {
        case "4.0": parts.version = .v4
        // What comes after 4.01 must be readable by 4.01's rules as long as the major version is the same.
        case let later where later.hasPrefix("4."): parts.version = .v401
        default: throw MetadataError(.unknownFormat)
        }
    }

    // MARK: References and aliases

    private mutating func readReferences(_ root: CSDLJSONElement) throws(MetadataError) {
        for member in try root.object("$Reference") {
            try at(.member("$Reference")) { reader throws(MetadataError) in
                try reader.at(.member(member.name)) { reader throws(MetadataError) in try reader.readReference(member) }
            }
        }
    }

    private mutating func readReference(_ member: JSONNode.Member) throws(MetadataError) {
        var reference = Reference(uri: member.name)
        let element = try CSDLJSONElement("Reference", member.value)
        for include in try element.array("$Include") {
            let item = try CSDLJSONElement("Include", include)
            let (namespace, alias) = (try item.required("$Namespace"), try item.string("$Alias"))
            try takeAlias(alias, of: namespace)
            reference.includes.append(Reference.Include(namespace: namespace, alias: alias))
        }
        for include in try element.array("$IncludeAnnotations") {
            let item = try CSDLJSONElement("IncludeAnnotations", include)
            reference.annotationNamespaces.append(try item.required("$TermNamespace"))
        }
        parts.references.append(reference)
    }

    private mutating func readAliases(_ schemas: [JSONNode.Member]) throws(MetadataError) {
        for schema in schemas {
            try at(.member(schema.name)) { reader throws(MetadataError) in
                try reader.takeAlias(try CSDLJSONElement("Schema", schema.value).string("$Alias"), of: schema.name)
            }
        }
    }

    private mutating func takeAlias(_ alias: String?, of namespace: String) throws(MetadataError) {
        guard let alias else { return }
        if let other = aliases.updateValue(namespace, forKey: alias), other != namespace {
            throw MetadataError(.duplicate)
        }
    }

    // MARK: Names

    /// - Throws: `.invalid` for a text without a namespace.
    func name(_ text: String, _ element: CSDLJSONElement, _ attribute: String) throws(MetadataError) -> QualifiedName {
        guard let name = QualifiedName(text) else { throw element.failure(attribute) }
        return resolved(name)
    }

    func resolved(_ name: QualifiedName) -> QualifiedName {
        aliases[name.namespace].map { QualifiedName($0, name.name) } ?? name
    }

    /// A path with its aliases resolved, also within: `to_Item/@UI.LineItem`, `Common.Kind/High UI.Kind/Low`.
    func resolved(path: String) -> String {
        guard !aliases.isEmpty, path.utf8.contains(UInt8(ascii: ".")) else { return path }
        var result = ""
        var rest = path[...]
        while !rest.isEmpty {
            let end = rest.utf8.firstIndex { Self.separators.contains($0) } ?? rest.endIndex
            result += QualifiedName(rest[..<end]).map { resolved($0).description } ?? String(rest[..<end])
            let next = rest[end...].utf8.firstIndex { !Self.separators.contains($0) } ?? rest.endIndex
            result += rest[end..<next]
            rest = rest[next...]
        }
        return result
    }

    private static let separators: [UInt8] = Array("/@#(), ".utf8)
}
