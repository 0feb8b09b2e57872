extension Entity {
    /// The messages of the entity's own body (`SAP__Messages`, `Common.Messages`); targets are relative to the entity.
    public var messages: [ServiceMessage] { messages(in: "SAP__Messages") }

    /// - Parameter name: the property that the type's annotation `Common.Messages` names, where it isn't the usual one.
    public func messages(in name: String) -> [ServiceMessage] {
        switch self[name] {
        case .collection(let values)?:
            values.prefix(ServiceMessage.maxMessages).compactMap { ServiceMessage(value: $0) }
        case .untyped(.array(let nodes))?:
            nodes.prefix(ServiceMessage.maxMessages).compactMap { ServiceMessage(sapMessage: $0) }
        case _: []
        }
    }
}

extension ServiceMessage {
    fileprivate init?(value: ODataValue) {
        switch value {
        case .complex(let complex): self.init(complex: complex)
        case .untyped(let node): self.init(sapMessage: node)
        case _: return nil
        }
    }

    /// A complex value with the properties of SAP's message type.
    private init?(complex: ComplexValue) {
        var members: [JSONNode.Member] = []
        for name in ["code", "message", "target", "longtextUrl"] {
            if case .string(let text)? = complex[name] { members.append(.init(name, .string(text))) }
        }
        if let number = complex["numericSeverity"]?.smallInteger {
            members.append(.init("numericSeverity", .number(String(number))))
        }
        if case .boolean(let value)? = complex["transition"] { members.append(.init("transition", .boolean(value))) }
        if case .collection(let targets)? = complex["additionalTargets"] {
            let texts = targets.prefix(Self.maxMessages).compactMap { value -> JSONNode? in
                if case .string(let text) = value { .string(text) } else { nil }
            }
            members.append(.init("additionalTargets", .array(texts)))
        }
        self.init(sapMessage: .object(members))
    }
}

extension ODataValue {
    fileprivate var smallInteger: Int? {
        switch self {
        case .byte(let value): Int(value)
        case .sbyte(let value): Int(value)
        case .int16(let value): Int(value)
        case .int32(let value): Int(value)
        case .int64(let value): Int(exactly: value)
        case _: nil
        }
    }
}
