internal import LibXML

/// Reads a `$metadata` document that comes in pieces, in XML (EDMX 1.0 of version 2, CSDL XML 4.0 and 4.01) or CSDL JSON;
/// the first byte tells which.
///
/// XML is parsed as it arrives and not kept; JSON is gathered. After an error the reader throws the same error again. Document
/// type declarations are refused, so that no entity can grow; nothing is fetched.
public struct MetadataReader: ~Copyable {
    private enum Form {
        case undecided
        case xml(CSDLReading)
        case json([UInt8])
    }

    private let limits: MetadataLimits
    private var form = Form.undecided
    private var bytesTaken = 0
    private var head: [UInt8] = []
    /// So many bytes of `head` are white space, or a byte order mark before it.
    private var blanks = 0
    private var failure: MetadataError?
    /// What was wrong with the document and didn't matter; complete after `finish`.
    public private(set) var tolerances: Set<MetadataTolerance> = []

    public init(limits: MetadataLimits = .init()) { self.limits = limits }

    /// Takes the next piece, of any length.
    ///
    /// - Throws: `.tooLarge` and `.tooDeep` by the limits, `.unknownFormat` for what is neither XML nor JSON, and what else
    ///   is wrong with the document, as soon as it is known.
    public mutating func append(_ chunk: [UInt8]) throws(MetadataError) {
        if let failure { throw failure }
        do throws(MetadataError) {
            bytesTaken += chunk.count
            guard bytesTaken <= limits.maxBytes else { throw MetadataError(.tooLarge) }
            switch form {
            case .undecided: try decide(chunk)
            case .xml(let run): try run.append(chunk)
            case .json(var bytes):
                form = .undecided
                bytes += chunk
                form = .json(bytes)
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// The document is complete.
    ///
    /// - Throws: as `append`, and what only the whole document shows: an end too early, inheritance in a circle, a navigation
    ///   without its association.
    public mutating func finish() throws(MetadataError) -> Metadata {
        if let failure { throw failure }
        do throws(MetadataError) {
            switch form {
            case .undecided: throw MetadataError(head.isEmpty ? .syntax : .unknownFormat, line: 1, column: 1)
            case .json(let bytes): return try Metadata(csdlJSON: bytes, limits: limits)
            case .xml(let run):
                let metadata = Metadata(try run.finish())
                tolerances = run.tolerances
                return metadata
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// White space may stand before JSON; before an XML declaration not even that, which the parser reports.
    private mutating func decide(_ chunk: [UInt8]) throws(MetadataError) {
        head += chunk
        let isMarked = head.starts(with: [0xEF, 0xBB, 0xBF])
        let content = head.dropFirst(isMarked ? 3 : 0)
        guard let first = head.dropFirst(max(blanks, isMarked ? 3 : 0)).first(where: Self.isContent) else {
            blanks = head.count
            return
        }
        // The beginnings of a byte order mark, whole or in part, and of UTF-16.
        let mayBeMark = !isMarked && [0xEF, 0xFE, 0xFF, 0x00].contains(first)
        if first == 0xEF, mayBeMark, head.count < 3 { return }
        let bytes = head
        head = []
        if first == 0x7B {
            if isMarked { tolerances.insert(.byteOrderMark) }
            form = .json(Array(content))
        } else if first == 0x3C || mayBeMark {
            let run = try CSDLReading(limits: limits)
            form = .xml(run)
            try run.append(bytes)
        } else {
            throw MetadataError(.unknownFormat, line: 1, column: 1)
        }
    }

    private static func isContent(_ byte: UInt8) -> Bool {
        byte != 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D
    }
}
