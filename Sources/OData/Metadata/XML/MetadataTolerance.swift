/// What is wrong with a document that is read nevertheless, because services ship such documents.
///
/// Whatever is not listed here is a `MetadataError`.
public enum MetadataTolerance: String, Sendable, Hashable, CaseIterable, Comparable {
    /// The XML declaration names another encoding than the bytes have: `encoding="utf-16"` on UTF-8, as files have it that
    /// were downloaded from SAP's gateway and saved. The bytes decide.
    case wrongEncodingDeclaration
    /// The document begins with a byte order mark. XML allows it and JSON doesn't (RFC 8259 §8.1); it is skipped in both.
    case byteOrderMark
    /// `sap:`, `m:`, `edmx:` or `edm:` stands before a name and is nowhere declared. It is taken for the namespace that it
    /// always stands for.
    case undeclaredPrefix
    /// `edmx:DataServices` of a version 2 document has no `m:DataServiceVersion`, or one of version 1 or 3. The document is
    /// read as one of version 2, which the `Version="1.0"` of `edmx:Edmx` says already.
    case dataServiceVersion
    /// A type without namespace that is a primitive type's name (`Type="String"`), which schemas of version 1 wrote.
    case unqualifiedPrimitiveType
    /// A name's first part is neither a namespace nor an alias of this document, as in `UI.LineItem` without the reference that
    /// introduces `UI`. The name is kept as it is.
    case undeclaredAlias
    /// Elements of no schema namespace, such as the `atom:link` that SAP's gateway puts into schemas. They are skipped.
    case foreignElement
    /// Elements of the schema namespaces that are unknown or stand where they can't. They are skipped.
    case misplacedElement

    public static func < (left: MetadataTolerance, right: MetadataTolerance) -> Bool { left.rawValue < right.rawValue }
}
