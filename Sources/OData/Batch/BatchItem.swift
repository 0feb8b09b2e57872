public import HTTPTypes

/// One request of a batch.
public struct BatchItem: Sendable, Hashable {
    /// Its `Content-ID` (multipart) or `id` (JSON): 1–64 letters, digits, `-`, `.`, `_`, `~`, once in a batch. nil lets the
    /// codec number it where the format wants one.
    public var id: String?
    public let method: HTTPRequest.Method
    /// Relative to the service root and percent-encoded (`EncodedQuery.relativeURL`), an absolute path on the same host, or
    /// `$ID/…` below the entity that an earlier request makes.
    public let url: String
    /// `Content-ID`, `Content-Length`, `Content-Transfer-Encoding` and `Host` are the codec's: not sent from here.
    public var headers: HTTPFields
    /// nil where there is none; an empty one is none.
    public let body: [UInt8]?
    /// Requests or change sets that must have succeeded before (JSON format alone, OData JSON 4.01 §19.1). What `url` refers
    /// to is added by itself.
    public var dependsOn: [String]

    /// - Parameter url: `sap-client` is taken out of it: it stands on the batch's own URL, and services refuse or ignore it
    ///   inside.
    public init(
        _ method: HTTPRequest.Method, _ url: String, headers: HTTPFields = [:], body: [UInt8]? = nil,
        id: String? = nil, dependsOn: [String] = []
    ) {
        (self.method, self.headers) = (method, headers)
        self.url = BatchURL.withoutClient(url)
        self.body = body?.isEmpty == true ? nil : body
        (self.id, self.dependsOn) = (id, dependsOn)
    }

    /// Whether it may stand outside of change sets only.
    var isRead: Bool { method == .get || method == .head }
}

/// Requests that a service does all or none of (change set, `atomicityGroup`).
public struct BatchChangeSet: Sendable, Hashable {
    /// Its name in the JSON format; nil lets the codec choose one. The multipart format has none.
    public var name: String?
    public internal(set) var items: [BatchItem]

    public init(_ items: [BatchItem], name: String? = nil) { (self.items, self.name) = (items, name) }
}
