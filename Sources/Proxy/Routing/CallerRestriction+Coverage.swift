internal import Domain

extension CallerRestriction {
    /// Whether the method is within the list, if there is one.
    func covers(_ method: HTTPMethod) -> Bool {
        methods.isEmpty || methods.contains { $0 == method.text }
    }

    /// Whether the path (as it was sent; checked by ``PathRules``) lies below one of the prefixes, if there are any.
    func coversPath(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
        guard !pathPrefixes.isEmpty else { return true }
        let decoded = path.isEmpty ? [UInt8(ascii: "/")] : PathRules.decode(bytes, path)
        return pathPrefixes.contains { PathRules.path(decoded, liesBelow: $0.utf8) }
    }

    func covers(_ connection: ConnectionID) -> Bool {
        connections.isEmpty || connections.contains(connection)
    }

    /// Whether it narrows what may be sent: such a caller must not take the whole token away.
    var narrowsRequests: Bool { !methods.isEmpty || !pathPrefixes.isEmpty }
}
