/// The key of an entity: one value without a name, or all key properties by name.
///
/// A string that a number stands in is compared as text: `0001000001` and `1000001` are different keys.
public struct EntityKey: Sendable, Hashable {
    public struct Part: Sendable, Hashable {
        /// nil for the only part of a single key.
        public var name: String?
        public var value: ODataValue

        public init(_ name: String?, _ value: ODataValue) { (self.name, self.value) = (name, value) }
    }

    public var parts: [Part]

    public init(_ parts: [Part]) { self.parts = parts }
    public init(_ value: ODataValue) { parts = [Part(nil, value)] }
}
