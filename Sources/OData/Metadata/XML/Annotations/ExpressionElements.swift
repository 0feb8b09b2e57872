internal import LibXML

/// An element that holds expressions: as an attribute, as children, or both.
///
/// Annotations of expressions other than records have no place in the model and are dropped.
class ExpressionOwner: CSDLElement {
    final let word: CSDLWord
    final var expressions: [AnnotationExpression] = []

    init(_ word: CSDLWord) { self.word = word }

    final func append(_ expression: AnnotationExpression) { expressions.append(expression) }

    /// An expression written as an attribute.
    final func readConstant(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        for index in 0..<tag.attributeCount where tag.attribute(index).isUnprefixed {
            guard let kind = CSDLWord(tag.attribute(index).name), ConstantExpression.isAttribute(kind) else { continue }
            append(try context.constant(kind, tag.value(at: index), word))
        }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        if ConstantExpression.isElement(word) { return ConstantElement(word, of: self) }
        switch word {
        case .record: return try RecordElement(tag, of: self, context)
        case .null:
            append(.null)
            return CSDLElement()
        case .apply, .cast, .isOf, .labeledElement, .urlRef, .if, .collection:
            return try ExpressionElement(word, tag, of: self, context)
        case _ where CSDLWord.and.rawValue <= word.rawValue && word.rawValue <= CSDLWord.mod.rawValue:
            return try ExpressionElement(word, tag, of: self, context)
        default: return try super.child(word, tag, context)
        }
    }

    /// The only expression; nil without one.
    ///
    /// - Throws: `.invalid` if there are more.
    final func single(_ context: CSDLContext) throws(MetadataError) -> AnnotationExpression? {
        guard expressions.count <= 1 else { throw context.invalid(word) }
        return expressions.first
    }

    final func count(_ counts: ClosedRange<Int>, _ context: CSDLContext) throws(MetadataError) {
        guard counts.contains(expressions.count) else { throw context.invalid(word) }
    }
}

/// Collections and the dynamic expressions (CSDL XML 4.01 §14.4.2 to §14.4.13).
final class ExpressionElement: ExpressionOwner {
    private let owner: ExpressionOwner
    private var type: TypeReference?
    private var name: String?

    init(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, of owner: ExpressionOwner, _ context: CSDLContext
    ) throws(MetadataError) {
        self.owner = owner
        super.init(word)
        switch word {
        case .cast, .isOf: type = try context.requiredType(.type, tag, word)
        case .apply: name = try context.required(.function, tag, word)
        case .labeledElement:
            name = try context.required(.name, tag, word)
            try readConstant(tag, context)
        default: break
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        owner.append(try expression(context))
    }

    private func expression(_ context: CSDLContext) throws(MetadataError) -> AnnotationExpression {
        switch word {
        case .collection: return .collection(expressions)
        case .apply: return .apply(function: name ?? "", expressions)
        case .if:
            try count(2...3, context)
            return .if(expressions)
        case .cast, .isOf, .labeledElement, .urlRef, .not, .neg:
            try count(1...1, context)
            return unary(expressions[0])
        default:
            try count(2...2, context)
            return .operation(word.text, expressions)
        }
    }

    private func unary(_ operand: AnnotationExpression) -> AnnotationExpression {
        switch (word, type) {
        case (.cast, let type?): .cast(type, operand)
        case (.isOf, let type?): .isOf(type, operand)
        case (.labeledElement, _): .labeledElement(name: name ?? "", operand)
        case (.urlRef, _): .urlRef(operand)
        default: .operation(word.text, [operand])
        }
    }
}

/// `Record` (§14.4.12).
final class RecordElement: CSDLElement {
    private let owner: ExpressionOwner
    fileprivate var record: AnnotationRecord

    init(_ tag: borrowing XMLStartTag, of owner: ExpressionOwner, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        record = AnnotationRecord(type: try context.name(.type, tag, .record))
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .propertyValue else { return try super.child(word, tag, context) }
        return try PropertyValueElement(tag, of: self, context)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        record.annotations = annotations
        owner.append(.record(record))
    }
}

/// `PropertyValue` (§14.4.12.1). Without an expression it has the property's default, taken to be `true` as for annotations.
private final class PropertyValueElement: ExpressionOwner {
    private let owner: RecordElement
    private let name: String

    init(_ tag: borrowing XMLStartTag, of owner: RecordElement, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        name = try context.required(.property, tag, .propertyValue)
        super.init(.propertyValue)
        try readConstant(tag, context)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        let value = try single(context) ?? .true
        owner.record.properties.append(.init(name: name, value: value, annotations: annotations))
    }
}
