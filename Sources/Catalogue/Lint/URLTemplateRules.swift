internal import Domain

/// The rules for a template whose text becomes a URL: who enters what, and whether he could send a request elsewhere.
struct URLTemplateRules {
    let template: Template
    let fields: [ProviderField]
    var allowsPlainHTTP = false
    /// A base URL has no query; a token URL may have one.
    let isBase: Bool

    /// What is wrong, with the field concerned; nil where it is the template itself.
    func findings() -> [(field: String?, reason: LintFinding.Reason)] {
        var findings: [(field: String?, reason: LintFinding.Reason)] = []
        if !isSecureScheme { findings.append((nil, .notHTTPS)) }
        for (name, position) in template.urlPlaceholders {
            guard let field = fields.first(where: { $0.name == name }) else {
                findings.append((name, .unknownPlaceholder))
                continue
            }
            if field.isSecret { findings.append((name, .secretOutsideAuthentication)) }
            if !field.isRequired, field.defaultValue == nil { findings.append((name, .optionalFieldInURL)) }
            if let reason = PatternRules.finding(field, position) { findings.append((name, reason)) }
        }
        if findings.isEmpty, !expandsToURL { findings.append((nil, .malformedURL)) }
        return findings
    }

    private var isSecureScheme: Bool {
        if template.leadingPlaceholder != nil { return true }
        guard case .literal(let text) = template.parts.first else { return false }
        return text.hasPrefix("https://") || (allowsPlainHTTP && text.hasPrefix("http://"))
    }

    private var expandsToURL: Bool {
        var examples: [String: String] = [:]
        for field in fields { examples[field.name] = field.example ?? field.defaultValue ?? "example" }
        // A template that gives no text was reported with its field.
        guard let url = try? template.expandURL(examples) else { return false }
        return isBase ? Origin(url) != nil : URLParts(url) != nil
    }
}

/// Whether a field's pattern keeps its value in its place.
enum PatternRules {
    static func finding(_ field: ProviderField, _ position: Template.Position) -> LintFinding.Reason? {
        switch position {
        case .path, .query: return nil
        case .authority, .whole: break
        }
        guard let pattern = field.pattern else { return .freeHost }
        guard pattern.isAnchored else { return .patternNotAnchored }
        guard let example = field.example else { return .exampleMissing }
        let samples = position == .whole ? HostileSamples.url(example) : HostileSamples.host(example)
        return samples.contains(where: pattern.matches) ? .patternAdmitsDelimiters : nil
    }
}
