import HTTPTypes

/// Header names that the client reads or writes itself.
extension HTTPField.Name {
    static let csrfToken = known("X-CSRF-Token")
    static let odataVersion = known("OData-Version")
    static let odataMaxVersion = known("OData-MaxVersion")
    static let odataEntityID = known("OData-EntityId")
    static let dataServiceVersion = known("DataServiceVersion")
    static let maxDataServiceVersion = known("MaxDataServiceVersion")
    static let dataServiceID = known("DataServiceId")
    static let httpMethodOverride = known("X-HTTP-Method")
    static let slug = known("Slug")
    static let prefer = known("Prefer")
    static let preferenceApplied = known("Preference-Applied")
    static let asyncResult = known("AsyncResult")
    static let sapMessage = known("sap-message")
    static let sapMessages = known("sap-messages")
    static let sapStatistics = known("sap-statistics")
    static let sapPerfFesrec = known("sap-perf-fesrec")
    static let sapProcessingInfo = known("sap-processing-info")
    static let sapMetadataLastModified = known("sap-metadata-last-modified")
    static let sapCancelOnClose = known("sap-cancel-on-close")

    /// Every argument is a literal above and a token of RFC 9110 §5.6.2.
    private static func known(_ name: StaticString) -> HTTPField.Name { HTTPField.Name(name.description) ?? .accept }
}

extension HTTPRequest.Method {
    /// Version 2's PATCH (MS-ODATA §2.2.5.3).
    static let merge = HTTPRequest.Method("MERGE") ?? .patch
}
