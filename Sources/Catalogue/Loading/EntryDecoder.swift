internal import Domain
internal import Grants

/// Reads a provider from its YAML, and remembers on which line each part stands, for what the lint finds later.
struct EntryDecoder {
    private var lines: [String: Int] = [:]

    mutating func provider(_ root: EntryNode) throws(LintFinding) -> Provider {
        let members = try root.members([
            "name", "title", "documentation", "fields", "base_url", "token_url", "authentication", "headers",
            "default_headers", "csrf", "verification",
        ])
        for (key, node) in members { note(key, node) }
        guard let verification = members["verification"] else {
            throw LintFinding(line: root.line, subject: "verification", reason: .verificationMissing)
        }
        let fields = try members["fields"].map { (node) throws(LintFinding) in try self.fields(node) } ?? []
        let authentication = try members.required("authentication", of: root)
        return Provider(
            name: try slug(try members.required("name", of: root)),
            title: try members.required("title", of: root).text(maxLength: 200),
            documentation: try members["documentation"].map { (node) throws(LintFinding) in try url(node) },
            fields: fields,
            baseURL: try members.required("base_url", of: root).template(),
            tokenURL: try members["token_url"].map { (node) throws(LintFinding) in try node.template() },
            authentication: try AuthenticationDecoder.authentication(authentication),
            headers: try headers(members["headers"]),
            defaultHeaders: try headers(members["default_headers"]),
            csrf: try csrf(members["csrf"]),
            verification: try self.verification(verification))
    }

    /// The line of a subject, or of what it is part of.
    func line(of subject: String) -> Int? {
        var path = Substring(subject)
        while true {
            if let line = lines[String(path)] { return line }
            guard let dot = path.lastIndex(of: ".") else { return nil }
            path = path[..<dot]
        }
    }

    private mutating func note(_ subject: String, _ node: EntryNode) {
        if let line = node.line { lines[subject] = line }
    }

    private func slug(_ node: EntryNode) throws(LintFinding) -> Slug {
        guard let slug = Slug(try node.text()) else { throw node.finding(.invalidValue) }
        return slug
    }

    private func url(_ node: EntryNode) throws(LintFinding) -> String {
        let text = try node.text()
        guard URLParts(text)?.scheme == .https else { throw node.finding(.invalidValue) }
        return text
    }

    private mutating func fields(_ node: EntryNode) throws(LintFinding) -> [ProviderField] {
        let elements = try node.elements()
        guard elements.count <= 32 else { throw node.finding(.invalidValue) }
        var fields: [ProviderField] = []
        for element in elements {
            let field = try field(element)
            note("fields.\(field.name)", element)
            fields.append(field)
        }
        return fields
    }

    private func field(_ node: EntryNode) throws(LintFinding) -> ProviderField {
        let members = try node.members([
            "name", "title", "secret", "required", "pattern", "example", "default", "max_length",
        ])
        let name = try members.required("name", of: node)
        guard FieldName.isValid(try name.text()) else { throw name.finding(.invalidValue) }
        return ProviderField(
            name: try name.text(),
            title: try members.required("title", of: node).text(maxLength: 200),
            isSecret: try members["secret"].map { (node) throws(LintFinding) in try node.flag() } ?? false,
            isRequired: try members["required"].map { (node) throws(LintFinding) in try node.flag() } ?? true,
            pattern: try members["pattern"].map { (node) throws(LintFinding) in try pattern(node) },
            example: try members["example"].map { (node) throws(LintFinding) in try node.text() },
            defaultValue: try members["default"].map { (node) throws(LintFinding) in try node.text() },
            maxLength: try members.required("max_length", of: node).integer(in: 1...16_384))
    }

    private func pattern(_ node: EntryNode) throws(LintFinding) -> FieldPattern {
        guard let pattern = FieldPattern(try node.text()) else { throw node.finding(.invalidValue) }
        guard pattern.isAnchored else { throw node.finding(.patternNotAnchored) }
        return pattern
    }

    private mutating func headers(_ node: EntryNode?) throws(LintFinding) -> [HeaderTemplate] {
        guard let node else { return [] }
        var headers: [HeaderTemplate] = []
        for (name, value) in try node.pairs() {
            note(value.path, value)
            guard HeaderName.isToken(name), name == name.lowercased() else { throw value.finding(.headerName) }
            headers.append(HeaderTemplate(name: name, value: try value.template()))
        }
        return headers
    }

    private func csrf(_ node: EntryNode?) throws(LintFinding) -> CSRFHandshake? {
        guard let node else { return nil }
        let members = try node.members(["header", "fetch_value"])
        let header = try members.required("header", of: node)
        let name = try header.text()
        guard HeaderName.isToken(name), name == name.lowercased() else { throw header.finding(.headerName) }
        return CSRFHandshake(header: name, fetchValue: try members.required("fetch_value", of: node).text())
    }

    private func verification(_ node: EntryNode) throws(LintFinding) -> Verification {
        let members = try node.members(["method", "path", "expected_statuses", "refused_statuses"])
        let path = try members.required("path", of: node)
        let target = try path.template()
        if target.leadingPlaceholder == nil, !target.source.hasPrefix("/") { throw path.finding(.invalidValue) }
        return Verification(
            method: try method(members.required("method", of: node)), target: target,
            expectedStatuses: try statuses(members.required("expected_statuses", of: node)),
            refusedStatuses: try statuses(members.required("refused_statuses", of: node)))
    }

    private func method(_ node: EntryNode) throws(LintFinding) -> OutboundRequest.Method {
        switch try node.text() {
        case "GET": return .get
        case "HEAD": return .head
        default: throw node.finding(.invalidValue)
        }
    }

    private func statuses(_ node: EntryNode) throws(LintFinding) -> Set<Int> {
        var statuses: Set<Int> = []
        for element in try node.elements() { statuses.insert(try element.integer(in: 200...599)) }
        return statuses
    }
}
