package import Domain
package import Sodium

/// Why a stored credential makes no request: the entry changed since it was stored, or it was stored by hand.
package enum InjectionError: Error, Hashable, Sendable {
    /// A field or secret that the entry needs is not there.
    case missingField(String)
    /// A value can't stand where the entry puts it.
    case unusableValue(String)
    /// The entry needs an access token and none was given.
    case missingToken
}

extension Provider {
    /// What a connection's credential adds to each request.
    ///
    /// - Parameters:
    ///   - fields: ``ResolvedConnection/fields``.
    ///   - secrets: secret fields by name.
    ///   - accessToken: only where ``needsAccessToken``.
    package func injection(
        fields: [String: String], secrets: [String: SecretBytes], accessToken: SecretBytes? = nil
    ) throws(InjectionError) -> PreparedInjection {
        var headers = try connectionHeaders(fields)
        var query: [(name: String, value: SecretBytes)] = []
        switch authentication {
        case .basic(let username, let password):
            let value = try basicValue(username, password, fields, secrets)
            headers.append(("authorization", value))
        case .header(let name, let value):
            let name = try expandPlain(name, fields).lowercased()
            guard HeaderName.isInjectable(name) else { throw .unusableValue(headerNameField ?? name) }
            headers.append((name, try expandHeaderValue(value, fields, secrets)))
        case .query(let name, let value):
            let encoded = PercentEncoding.encode(try expandSecret(value, fields, secrets))
            query.append((PercentEncoding.encode(name), encoded))
        case .oauth2ClientCredentials, .oauth2RefreshToken:
            guard let accessToken else { throw .missingToken }
            headers.append(("authorization", .concatenating(Self.bearer, accessToken)))
        }
        return PreparedInjection(headers: headers, query: query)
    }

    private static let bearer = SecretBytes(utf8: "Bearer ")

    /// The entry's own headers; one whose optional field has no value is left out.
    private func connectionHeaders(
        _ fields: [String: String]
    ) throws(InjectionError) -> [(name: String, value: SecretBytes)] {
        var headers: [(name: String, value: SecretBytes)] = []
        for header in self.headers where header.value.placeholders.allSatisfy({ fields[$0] != nil }) {
            headers.append((header.name, try expandHeaderValue(header.value, fields, [:])))
        }
        return headers
    }

    /// RFC 7617 §2: a user name with a colon would move the border between name and password.
    private func basicValue(
        _ username: Template, _ password: Template, _ fields: [String: String], _ secrets: [String: SecretBytes]
    ) throws(InjectionError) -> SecretBytes {
        let name = try expandSecret(username, fields, secrets)
        let hasColon = name.withBytes { bytes in bytes.byteOffsets.contains { bytes[$0] == UInt8(ascii: ":") } }
        guard !hasColon else { throw .unusableValue(username.placeholders.first ?? "username") }
        var pair = SecretBuffer(minimumCapacity: 128)
        pair.append(name)
        pair.append(UInt8(ascii: ":"))
        pair.append(try expandSecret(password, fields, secrets))
        return .concatenating(SecretBytes(utf8: "Basic "), Base64.encode(pair.finish()))
    }

    /// No control character reaches a header.
    private func expandHeaderValue(
        _ template: Template, _ fields: [String: String], _ secrets: [String: SecretBytes]
    ) throws(InjectionError) -> SecretBytes {
        let value = try expandSecret(template, fields, secrets)
        let isClean = value.withBytes { bytes in
            bytes.byteOffsets.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] != 0x7F }
        }
        guard isClean else { throw .unusableValue(template.placeholders.first ?? "") }
        return value
    }

    func expandSecret(
        _ template: Template, _ fields: [String: String], _ secrets: [String: SecretBytes]
    ) throws(InjectionError) -> SecretBytes {
        do {
            return try template.expand(fields, secrets)
        } catch {
            throw InjectionError(error)
        }
    }

    func expandPlain(_ template: Template, _ fields: [String: String]) throws(InjectionError) -> String {
        do {
            return try template.expand(fields)
        } catch {
            throw InjectionError(error)
        }
    }

    /// The field that names the injected header; nil where the entry names it.
    var headerNameField: String? {
        guard case .header(let name, _) = authentication else { return nil }
        return name.placeholders.first
    }

    /// The injected header's name, where all of its fields are there.
    func injectedHeaderName(_ fields: [String: String]) -> String? {
        guard case .header(let name, _) = authentication else { return nil }
        // A name without its field was reported as a missing field already.
        return try? name.expand(fields)
    }
}

extension InjectionError {
    init(_ error: ExpansionError) {
        switch error {
        case .missingField(let name): self = .missingField(name)
        case .unusableValue(let name): self = .unusableValue(name)
        }
    }
}
