extension EntityKey {
    /// The key in the one form that services of SAP take as the same: for comparing, never to be sent.
    ///
    /// Text of digits loses its leading zeros where the property says that it is such
    /// (`sap:display-format="NonNegative"`, `Common.IsDigitSequence`), as ABAP's conversion ALPHA has it; text in
    /// capitals (`UpperCase`, `Common.IsUpperCase`) is upper-cased; blanks at the end go, which ABAP doesn't store. A
    /// single key has no name, several parts are in the type's order. Nothing becomes a number.
    ///
    /// - Returns: the key as it is if the type isn't known or has other key properties.
    public func normalized(for type: QualifiedName, in metadata: Metadata) -> EntityKey {
        let properties = metadata.keyProperties(of: type)
        guard parts.count == properties.count, !parts.isEmpty else { return self }
        var result: [Part] = []
        for property in properties {
            guard let value = self[property.name] else { return self }
            let declared = metadata.property(atPath: property.path, from: type)
            result.append(Part(properties.count == 1 ? nil : property.name, Self.normalized(value, declared)))
        }
        return EntityKey(result)
    }

    /// Whether both name the same entity, whichever of the forms of `normalized(for:in:)` they have.
    public func isSame(as other: EntityKey, of type: QualifiedName, in metadata: Metadata) -> Bool {
        normalized(for: type, in: metadata) == other.normalized(for: type, in: metadata)
    }

    private static func normalized(_ value: ODataValue, _ property: Property?) -> ODataValue {
        guard case .string(let text) = value else { return value }
        var result = text[...]
        while result.utf8.last == UInt8(ascii: " ") { result.removeLast() }
        guard let property else { return .string(String(result)) }
        if property.isMarked("NonNegative", "IsDigitSequence"), result.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            while result.utf8.count > 1, result.utf8.first == UInt8(ascii: "0") { result.removeFirst() }
        }
        return .string(property.isMarked("UpperCase", "IsUpperCase") ? result.uppercased() : String(result))
    }
}

extension Property {
    /// - Parameters:
    ///   - format: `sap:display-format` of version 2.
    ///   - term: of SAP's vocabulary Common.
    fileprivate func isMarked(_ format: String, _ term: String) -> Bool {
        if sap["display-format"] == format { return true }
        return annotations.contains { annotation in
            annotation.term == QualifiedName("com.sap.vocabularies.Common.v1", term)
                && annotation.value != .boolean(false)
        }
    }
}
