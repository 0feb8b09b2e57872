/// What the name of a member says about its value.
enum MemberMeaning: Sendable, Equatable {
    /// Structural, navigation or dynamic.
    case property
    /// `@odata.…` of the object.
    case control(ObjectControl)
    /// `Name@odata.…` of another member, whose number stands beside it in `MemberNames`.
    case propertyControl(PropertyControl)
    /// `@ns.term`, `Name@ns.term`, and control information that has no place in the model.
    case annotation
    /// `#NS.Action`.
    case operation
    /// `__metadata` of version 2.
    case metadata
    /// `__count`, `__next` and their like where no collection is: of no use.
    case ignored
}

/// Control information of an object (OData JSON Format 4.01 §4.6), with or without `odata.`.
enum ObjectControl: String, Sendable, CaseIterable {
    case context, id, editLink, readLink, etag, type, removed
    case mediaReadLink, mediaEditLink, mediaContentType, mediaEtag
}

/// Control information of a property.
enum PropertyControl: String, Sendable, CaseIterable {
    case type, navigationLink, count, nextLink, deltaLink
    case mediaReadLink, mediaEditLink, mediaContentType, mediaEtag
}

extension MemberMeaning {
    /// - Returns: what the name means, and the property that it is about.
    static func of(_ name: String, version: ODataVersion) -> (MemberMeaning, property: Substring?) {
        guard version.isV4 else { return (ofVersion2(name), nil) }
        if name.utf8.first == UInt8(ascii: "#") { return (.operation, nil) }
        guard let at = name.utf8.firstIndex(of: UInt8(ascii: "@")) else { return (.property, nil) }
        let term = control(name[name.index(after: at)...])
        if at == name.startIndex { return (term.flatMap(ObjectControl.init).map(Self.control) ?? .annotation, nil) }
        guard let control = term.flatMap(PropertyControl.init) else { return (.annotation, nil) }
        return (.propertyControl(control), name[..<at])
    }

    private static func ofVersion2(_ name: String) -> MemberMeaning {
        switch name {
        case "__metadata": .metadata
        case "__count", "__next", "__delta": .ignored
        // Delta answers of SAP's gateway mark deleted entities as version 4 does.
        case "@odata.context": .control(.context)
        default: .property
        }
    }

    /// The control information that a term is; nil for a vocabulary's.
    private static func control(_ term: Substring) -> String? {
        if term.hasPrefix("odata.") { return String(term.dropFirst(6)) }
        return term.utf8.contains(UInt8(ascii: ".")) ? nil : String(term)
    }
}
