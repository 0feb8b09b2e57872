extension Metadata {
    /// Reads a whole `$metadata` document in XML: EDMX 1.0 with version 2's schemas, CSDL XML 4.0 or 4.01.
    ///
    /// Deviations from the standards that services are known for are tolerated, see `MetadataTolerance`; `MetadataReader`
    /// tells which were met, and takes documents in pieces and in JSON.
    ///
    /// - Parameter limits: bounds of length and depth.
    /// - Throws: what is wrong with the document, with line and column of the place behind it.
    public convenience init(xml: [UInt8], limits: MetadataLimits = .init()) throws(MetadataError) {
        let run = try CSDLReading(limits: limits)
        try run.append(xml)
        self.init(try run.finish())
    }
}
