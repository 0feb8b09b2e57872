/// What a service's root answers: its sets, singletons and functions by name.
public struct ServiceDocument: Sendable, Hashable {
    /// One thing that the service offers.
    public struct Element: Sendable, Hashable {
        public var name: String
        /// `EntitySet`, `Singleton`, `FunctionImport`, `ServiceDocument`; version 2 has entity sets alone.
        public var kind: String
        /// Relative to the service's root, as it came.
        public var url: String
        public var title: String?

        public init(name: String, kind: String = "EntitySet", url: String, title: String? = nil) {
            (self.name, self.kind, self.url, self.title) = (name, kind, url, title)
        }
    }

    public var elements: [Element]

    public init(_ elements: [Element] = []) { self.elements = elements }
}
