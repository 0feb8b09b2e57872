internal import LibXML

/// `EnumType` (CSDL XML 4.01 §10).
final class EnumTypeElement: CSDLElement {
    private var type: EnumerationType
    private var names: Set<String> = []
    private let bounds: ClosedRange<Int64>

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        type = EnumerationType(name: try context.declaredName(tag, .enumType, in: namespace))
        try context.declareType(type.name)
        if let underlying = try context.type(.underlyingType, tag, .enumType) {
            guard case .primitive(let primitive) = underlying.base, !underlying.isCollection else {
                throw context.invalid(.enumType, .underlyingType)
            }
            type.underlyingType = primitive
        }
        guard let bounds = Self.bounds(type.underlyingType) else { throw context.invalid(.enumType, .underlyingType) }
        self.bounds = bounds
        type.isFlags = try context.boolean(.isFlags, tag, .enumType) ?? false
    }

    private static func bounds(_ type: PrimitiveType) -> ClosedRange<Int64>? {
        switch type {
        case .byte: 0...255
        case .sbyte: -128...127
        case .int16: -32_768...32_767
        case .int32: -2_147_483_648...2_147_483_647
        case .int64: Int64.min...Int64.max
        default: nil
        }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .member else { return try super.child(word, tag, context) }
        let name = try context.required(.name, tag, .member)
        guard names.insert(name).inserted else { throw context.error(.duplicate) }
        guard let value = value(context.optional(.value, tag)), bounds.contains(value) else {
            throw context.invalid(.member, .value)
        }
        return EnumMemberElement(.init(name: name, value: value), of: self)
    }

    /// Without a value it is one more than the member's before it (§10.3).
    private func value(_ text: String?) -> Int64? {
        if let text { return Int64(text) }
        guard let last = type.members.last else { return 0 }
        let (next, overflow) = last.value.addingReportingOverflow(1)
        return overflow ? nil : next
    }

    fileprivate func append(_ member: EnumerationType.Member) { type.members.append(member) }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        type.annotations = annotations
        context.draft.parts.enumerationTypes[type.name] = type
    }
}

private final class EnumMemberElement: CSDLElement {
    private var member: EnumerationType.Member
    private let owner: EnumTypeElement

    init(_ member: EnumerationType.Member, of owner: EnumTypeElement) { (self.member, self.owner) = (member, owner) }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        member.annotations = annotations
        owner.append(member)
    }
}
