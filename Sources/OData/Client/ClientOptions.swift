/// How a client talks to its service. All of it has defaults that suit both versions and SAP's systems.
public struct ClientOptions: Sendable {
    /// Which protocol version the requests are of.
    public var version: VersionChoice = .detect
    /// Where the model comes from that names, keys and values are checked against.
    public var metadata: MetadataSource = .service
    /// How old metadata may be before an operation asks the service whether it changed; nil asks only when a header of the
    /// service says so (`sap-metadata-last-modified`).
    public var metadataMaxAge: Duration?
    /// The longest URL that is sent as it is, in bytes.
    public var maxURLLength = 8_000
    /// What happens with a longer one.
    public var longURLs: LongURLRoute = .automatic
    /// How entities are updated where a call doesn't say.
    public var updateMethod: UpdateMethod = .automatic
    /// Sends PATCH, MERGE, PUT and DELETE as POST with `X-HTTP-Method`, for proxies that let no other method through.
    public var tunnelsMethods = false
    /// `Prefer: odata.maxpagesize` of version 4 where a call doesn't say; a service need not follow it.
    public var preferredPageSize: Int?
    /// How many pages are followed.
    public var paging = PagingLimits()
    /// How much of an answer is held; exceeding it is `.limit`.
    public var payload = PayloadLimits()
    /// How much of a `$metadata` document is read.
    public var metadataLimits = MetadataLimits()
    /// Asks for 64-bit integers and decimals as strings in version 4 and sends them so, which keeps them exact on servers
    /// that would otherwise pass them through a binary float (OData JSON 4.01 §3.2).
    public var isIEEE754Compatible = true
    /// Sends collections of version 2 as `{"results":[…]}`, which some services want in a deep insert, instead of bare arrays.
    public var wrapsResults = false
    /// JSON is for services of 4.01, and those of 4.0 that offer it.
    public var batchFormat: BatchFormat = .multipart
    /// nil: where the version wants them.
    public var batchContentIDs: ContentIDPlacement?
    /// How much of a batch is sent and read.
    public var batch = BatchLimits()
    /// Keeps values that don't fit their types as `untyped`, for services that break their own metadata.
    public var isLenient = false
    /// Given the messages of each answer that has some, before the operation returns.
    public var onMessages: (@Sendable ([ServiceMessage]) -> Void)?

    public init() {}
}

/// Which protocol version a client speaks.
public enum VersionChoice: Sendable, Hashable {
    /// What the service's metadata says.
    case detect
    case exactly(ODataVersion)
}

/// Where a client has its model from.
public enum MetadataSource: Sendable {
    /// `$metadata`, fetched with the first operation that needs it and kept by the client.
    case service
    case given(Metadata)
    /// Names are not checked and values get the types that their notation shows; fetched nonetheless if the version is to
    /// be detected.
    case unused
}

/// What to do with a URL that is longer than gateways let through.
public enum LongURLRoute: Sendable, Hashable {
    /// `.postQuery` if the service says that it speaks 4.01, else `.batch`.
    case automatic
    /// `POST …/$query` with the options in the body (OData URL Conventions 4.01 §4.17).
    case postQuery
    /// The request alone in a `$batch`.
    case batch
    /// `ODataError.limit(.urlLength)`.
    case refuse
    /// As it is.
    case send
}

/// Which request changes an entity.
public enum UpdateMethod: Sendable, Hashable {
    /// PATCH in version 4, MERGE in version 2, which every gateway of that version knows.
    case automatic
    /// The changed properties alone.
    case patch
    /// The changed properties alone, as version 2 spelt it before PATCH.
    case merge
    /// All properties: what is missing gets its default value.
    case put
}

/// Bounds of a result that comes in pages, whose number only the server knows.
public struct PagingLimits: Sendable, Hashable {
    /// Pages of one sequence; the next one throws `.limit(.pages)`.
    public var maxPages: Int

    public init(maxPages: Int = 100_000) { self.maxPages = maxPages }
}
