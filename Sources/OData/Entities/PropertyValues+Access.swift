extension PropertyValues: Hashable {
    /// Names that have a value (`null` is one), in the order in which they came or were set.
    public var names: [String] { map(\.name) }

    /// A property's value: nil where there is none, which is not `null`. Setting nil takes the property away.
    public subscript(_ name: String) -> ODataValue? {
        get {
            guard let place = layout.place(of: name), place < slots.count else { return nil }
            return slots[place]
        }
        set {
            if let place = layout.place(of: name) {
                while slots.count <= place { slots.append(nil) }
                slots[place] = newValue
            } else if let newValue {
                append(name, newValue)
            }
        }
    }

    private mutating func append(_ name: String, _ value: ODataValue) {
        while slots.count < layout.names.count { slots.append(nil) }
        if isKnownUniquelyReferenced(&layout) {
            layout.append(name)
        } else {
            layout = PropertyLayout(names: layout.names + [name])
        }
        slots.append(value)
    }

    public static func == (left: PropertyValues, right: PropertyValues) -> Bool {
        if left.layout === right.layout, left.slots.count == right.slots.count { return left.slots == right.slots }
        guard left.count == right.count else { return false }
        return left.allSatisfy { right[$0.name] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // Commutative, because order makes no difference.
        var sum = 0
        for (name, value) in self {
            var each = Hasher()
            each.combine(name)
            each.combine(value)
            sum &+= each.finalize()
        }
        hasher.combine(sum)
    }
}

extension PropertyValues: Sequence {
    /// Walks over the properties that have a value.
    public struct Iterator: IteratorProtocol {
        private let values: PropertyValues
        private var place = 0

        init(_ values: PropertyValues) { self.values = values }

        public mutating func next() -> (name: String, value: ODataValue)? {
            while place < values.slots.count {
                defer { place += 1 }
                if let value = values.slots[place] { return (values.layout.names[place], value) }
            }
            return nil
        }
    }

    public func makeIterator() -> Iterator { Iterator(self) }

    public var underestimatedCount: Int { 0 }

    /// How many properties have a value.
    public var count: Int { slots.reduce(0) { $1 == nil ? $0 : $0 + 1 } }

    public var isEmpty: Bool { slots.allSatisfy { $0 == nil } }
}

extension PropertyValues: ExpressibleByDictionaryLiteral {
    /// A name that is given twice has its last value.
    public init(dictionaryLiteral elements: (String, ODataValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }
}
