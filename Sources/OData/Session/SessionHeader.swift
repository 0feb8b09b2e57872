internal import HTTPTypes

/// Header names that a session reads or writes itself.
enum SessionHeader {
    static let csrfToken = name("X-CSRF-Token")
    static let odataVersion = name("OData-Version")
    static let dataServiceVersion = name("DataServiceVersion")
    static let sapMessage = name("sap-message")
    static let sapMessages = name("sap-messages")
    static let statistics = name("sap-statistics")
    static let perfFesrec = name("sap-perf-fesrec")
    static let processingInfo = name("sap-processing-info")
    static let metadataLastModified = name("sap-metadata-last-modified")
    static let cancelOnClose = name("sap-cancel-on-close")

    /// Every argument is a literal above and a token (RFC 9110 §5.6.2).
    private static func name(_ text: StaticString) -> HTTPField.Name { HTTPField.Name(text.description) ?? .accept }
}
