/// A value of a complex type: named properties, in the order of the payload.
public struct ComplexValue: Sendable, Hashable {
    /// The most derived type that the payload names, else the declared one; nil if neither is known.
    public var type: QualifiedName?
    /// In the order of the payload.
    public var properties: PropertyValues
    /// What the payload said besides (`@ns.term`, `Name@ns.term`), by its whole name.
    public var annotations: [String: JSONNode]

    public init(
        _ properties: PropertyValues = PropertyValues(), of type: QualifiedName? = nil,
        annotations: [String: JSONNode] = [:]
    ) {
        (self.properties, self.type, self.annotations) = (properties, type, annotations)
    }

    /// nil for a property that isn't there, which is not `null`.
    public subscript(_ name: String) -> ODataValue? {
        get { properties[name] }
        set { properties[name] = newValue }
    }
}
