internal import LibXML

/// The reading of one XML document.
final class CSDLReading {
    private let document: CSDLDocument

    init(limits: MetadataLimits) throws(MetadataError) {
        do throws(XMLParserError) { document = try CSDLDocument(limits: limits) } catch { throw MetadataError(error) }
    }

    var tolerances: Set<MetadataTolerance> { document.context.tolerances }

    func append(_ chunk: [UInt8]) throws(MetadataError) {
        do throws(XMLParserError) {
            try document.context.parser.append(chunk, to: document)
        } catch {
            throw document.failure ?? MetadataError(error)
        }
    }

    func finish() throws(MetadataError) -> MetadataParts {
        let context = document.context
        do throws(XMLParserError) {
            try context.parser.finish(document)
        } catch {
            throw document.failure ?? MetadataError(error)
        }
        if context.parser.hasByteOrderMark { context.note(.byteOrderMark) }
        if context.parser.isMislabelled { context.note(.wrongEncodingDeclaration) }
        if context.names.hasUnknownQualifiers { context.note(.undeclaredAlias) }
        return try Self.resolve(&context.draft, context.names)
    }

    /// What needs the whole document.
    private static func resolve(_ draft: inout CSDLDraft, _ names: CSDLNames) throws(MetadataError) -> MetadataParts {
        AliasRewriter.rewrite(&draft, names.lateAliases)
        if let name = draft.parts.checkInheritance() {
            throw CSDLContext.error(.inheritanceCycle, at: draft.typePlaces[name] ?? XMLPosition())
        }
        try AssociationResolver.resolve(&draft)
        var parts = MetadataParts()
        swap(&parts, &draft.parts)
        parts.place(draft.targets, aliases: [:])
        return parts
    }
}

extension MetadataError {
    init(_ error: XMLParserError) {
        let reason: Reason =
            switch error.reason {
            case .syntax: .syntax
            case .forbiddenConstruct: .forbiddenConstruct
            case .tooLarge, .outOfMemory: .tooLarge
            case .tooDeep: .tooDeep
            case .unknownEncoding, .stopped: .unknownFormat
            }
        self.init(reason, line: error.position.line, column: error.position.column)
    }
}
