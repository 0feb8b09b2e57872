internal import LibXML

extension AnnotationExpression {
    /// One object for all of them.
    static let `true` = AnnotationExpression.boolean(true)
    static let `false` = AnnotationExpression.boolean(false)
}

/// Constants and paths (CSDL XML 4.01 §14.3, §14.4.1), which are written as an attribute or as an element's text.
enum ConstantExpression {
    /// Whether an attribute of this name is an expression.
    static func isAttribute(_ word: CSDLWord) -> Bool {
        CSDLWord.binary.rawValue <= word.rawValue && word.rawValue <= CSDLWord.urlRef.rawValue
            && word != .labeledElementReference
    }

    /// Whether an element of this name has its value as text.
    static func isElement(_ word: CSDLWord) -> Bool {
        CSDLWord.binary.rawValue <= word.rawValue && word.rawValue < CSDLWord.urlRef.rawValue
    }

    /// - Parameter text: of a path or a member with its aliases resolved.
    /// - Returns: nil if the text isn't of the kind.
    static func parse(_ kind: CSDLWord, _ text: String) -> AnnotationExpression? {
        switch kind {
        case .string: .string(text)
        case .bool: CSDLContext.boolean(text).map { $0 ? .true : .false }
        case .int: Int64(text).map { .int($0) }
        case .decimal: ODataDecimal(text).map { .decimal($0) }
        case .float: float(text).map { .float($0) }
        case .date: .date(text)
        case .dateTimeOffset: .dateTimeOffset(text)
        case .duration: .duration(text)
        case .timeOfDay: .timeOfDay(text)
        case .guid: .guid(text)
        case .binary: .binary(text)
        case .urlRef: .urlRef(.string(text))
        default: path(kind, text)
        }
    }

    private static func path(_ kind: CSDLWord, _ text: String) -> AnnotationExpression? {
        switch kind {
        case .enumMember: .enumMember(text)
        case .path: .path(text)
        case .propertyPath: .propertyPath(text)
        case .navigationPropertyPath: .navigationPropertyPath(text)
        case .annotationPath: .annotationPath(text)
        case .modelElementPath: .modelElementPath(text)
        case .anyPropertyPath: .anyPropertyPath(text)
        case .labeledElementReference: .labeledElementReference(text)
        default: nil
        }
    }

    /// Whether names in the text may begin with an alias.
    static func hasNames(_ kind: CSDLWord) -> Bool {
        switch kind {
        case .enumMember, .path, .propertyPath, .navigationPropertyPath, .annotationPath, .modelElementPath,
            .anyPropertyPath,
            .labeledElementReference:
            true
        default: false
        }
    }

    private static func float(_ text: String) -> Double? {
        switch text {
        case "INF": return .infinity
        case "-INF": return -.infinity
        case "NaN": return .nan
        default:
            // Swift also reads hexadecimal and spelled-out forms, which XML Schema doesn't have.
            let isPlain = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
            }
            return isPlain ? Double(text) : nil
        }
    }
}

extension CSDLContext {
    func constant(
        _ kind: CSDLWord, _ value: XMLString, _ element: CSDLWord
    ) throws(MetadataError) -> AnnotationExpression {
        let text = ConstantExpression.hasNames(kind) ? path(value) : text(value)
        guard let constant = ConstantExpression.parse(kind, text) else {
            throw invalid(element, element == kind ? nil : kind)
        }
        return constant
    }
}

/// A constant written as an element: `<PropertyPath>Name</PropertyPath>`.
final class ConstantElement: CSDLElement {
    private let kind: CSDLWord
    private let owner: ExpressionOwner

    init(_ kind: CSDLWord, of owner: ExpressionOwner) { (self.kind, self.owner) = (kind, owner) }

    override var wantsText: Bool { true }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        guard let text else { throw context.invalid(kind) }
        let written = context.text(text)
        // In pretty-printed files blanks surround what can have none.
        let isTrimmed = kind != .string && (Self.isBlank(written.utf8.first) || Self.isBlank(written.utf8.last))
        guard isTrimmed else {
            owner.append(try context.constant(kind, text, kind))
            return
        }
        let begin = written.utf8.drop { Self.isBlank($0) }
        let last = begin.lastIndex { !Self.isBlank($0) }
        let trimmed = last.map { String(written[begin.startIndex...$0]) } ?? ""
        let resolved = ConstantExpression.hasNames(kind) ? CSDLNames.path(trimmed, context.names.aliases) : trimmed
        guard let constant = ConstantExpression.parse(kind, resolved) else { throw context.invalid(kind) }
        owner.append(constant)
    }

    private static func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
