package import Domain
package import Sodium

/// Makes and opens list cursors: opaque to callers, and of use only to the list and the caller's scope that they came from.
///
/// Form, base64url: version 1, direction, the identifier's type prefix and 16 bytes, and a keyed BLAKE2b-256 of all that
/// with environment and tenant of the caller. Instances that share a database share the key.
package struct CursorCodec: Sendable {
    private enum Direction: UInt8 { case after = 1, before = 2 }

    private static let version: UInt8 = 1
    private static let context = Array("sallyport/cursor/1".utf8)
    private let key: SecretBytes

    /// - Parameter key: 32 bytes, the same on every instance and over restarts.
    /// - Throws: where the key has not 16 to 64 bytes.
    package init(key: SecretBytes) throws(SodiumError) {
        // Tried here, so that a wrong length shows at start.
        self.key = try BLAKE2b.derive(from: key, message: Self.context)
    }

    package func encode<Kind: EntityKind>(_ start: PageStart<Kind>, for scope: ReadScope) -> String? {
        switch start {
        case .first: nil
        case .after(let id): text(.after, id, scope)
        case .before(let id): text(.before, id, scope)
        }
    }

    /// - Throws: `invalid_cursor` for anything but a cursor that this list gave this caller's scope.
    package func decode<Kind: EntityKind>(
        _ text: String, _: Kind.Type = Kind.self, for scope: ReadScope
    ) throws(Problem) -> PageStart<Kind> {
        let prefix = Array(Kind.prefix.utf8)
        guard text.utf8.count <= 200, let bytes = Base64URL.decode(text), bytes.count == 2 + prefix.count + 16 + 32,
            let mac = mac(Array(bytes.dropLast(32)), scope), ConstantTime.equals(mac, Array(bytes.suffix(32))),
            bytes[0] == Self.version, Array(bytes[2..<(2 + prefix.count)]) == prefix,
            let direction = Direction(rawValue: bytes[1])
        else { throw Problem(code: .invalidCursor) }
        let id = EntityID<Kind>(bytes: bytes[(2 + prefix.count)..<(bytes.count - 32)])
        switch direction {
        case .after: return .after(id)
        case .before: return .before(id)
        }
    }

    private func text<Kind: EntityKind>(_ direction: Direction, _ id: EntityID<Kind>, _ scope: ReadScope) -> String? {
        let body = [Self.version, direction.rawValue] + Array(Kind.prefix.utf8) + id.bytes
        return mac(body, scope).map { Base64URL.encode(body + $0) }
    }

    private func mac(_ body: [UInt8], _ scope: ReadScope) -> [UInt8]? {
        let tenant = scope.tenantID.map { [1] + $0.bytes } ?? [0]
        // The derived key has a length that BLAKE2b takes: this can't fail.
        return try? BLAKE2b.hash([UInt8(body.count)] + body + scope.environmentID.bytes + tenant, key: key)
    }
}

extension EntityID {
    fileprivate init(bytes: ArraySlice<UInt8>) {
        let high = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let low = bytes.dropFirst(8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(high: high, low: low)
    }
}
