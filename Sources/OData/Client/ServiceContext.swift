import HTTPTypes

/// What a request is written and its answer is read by: the service's root, version and model.
struct ServiceContext: Sendable {
    let root: ServiceRoot
    /// nil if the client was told to do without.
    let metadata: Metadata?
    let version: ODataVersion
    let options: ClientOptions
    /// Learns what the service's payloads look like, and shares it with the decoders that are made of it.
    let decoder: EntityDecoder

    init(root: ServiceRoot, metadata: Metadata?, version: ODataVersion, options: ClientOptions) {
        (self.root, self.metadata, self.version, self.options) = (root, metadata, version, options)
        decoder = EntityDecoder(
            metadata: metadata, type: nil, version: version, limits: options.payload, lenient: options.isLenient)
    }

    // MARK: Writing

    func encoded(_ query: Query) throws(ODataError) -> String {
        do throws(QueryError) {
            return try query.encoded(version, metadata: metadata).relativeURL
        } catch {
            throw .query(error)
        }
    }

    /// Runs the encoder.
    ///
    /// - Parameter declared: the type that the request's target has.
    func body(
        for declared: QualifiedName? = nil, _ write: (EntityEncoder) throws(ValueError) -> [UInt8]
    ) throws(ODataError) -> [UInt8] {
        let encoder = EntityEncoder(
            metadata: metadata, version: version, ieee754Compatible: options.isIEEE754Compatible,
            declaredType: declared,
            wrapsResults: options.wrapsResults)
        do throws(ValueError) {
            return try write(encoder)
        } catch {
            throw .value(error)
        }
    }

    // MARK: Reading

    func decoder(_ type: QualifiedName?) -> EntityDecoder { decoder.of(type) }

    /// Runs a decoder.
    func read<Value>(_ decode: () throws(PayloadError) -> Value) throws(ODataError) -> Value {
        do throws(PayloadError) {
            return try decode()
        } catch {
            throw ODataError(error, options.payload)
        }
    }

    /// The type that a query's result has; nil without metadata, and where it doesn't say.
    func type(of query: Query) -> TypeReference? { metadata.flatMap { query.resultType(in: $0) } }

    /// The entity type of a query's result.
    func entityType(of query: Query) -> QualifiedName? { type(of: query)?.typeName }

    // MARK: Headers

    func versionFields(withBody: Bool) -> HTTPFields {
        var fields = HTTPFields()
        if version.isV4 {
            if withBody { fields[.odataVersion] = version.rawValue }
            fields[.odataMaxVersion] = version.rawValue
        } else {
            fields[.dataServiceVersion] = "2.0"
            fields[.maxDataServiceVersion] = "2.0"
        }
        return fields
    }

    /// Without an `Accept`, version 2 answers Atom.
    func accept(_ form: PreparedRequest.Form) -> String {
        switch form {
        case .json:
            guard version.isV4 else { return "application/json" }
            return "application/json;odata.metadata=minimal" + ieee754
        case .text: return "text/plain"
        case .any: return "*/*"
        case .xml: return "application/xml"
        }
    }

    var jsonContentType: String { "application/json" + (version.isV4 ? ieee754 : "") }

    private var ieee754: String { options.isIEEE754Compatible ? ";IEEE754Compatible=true" : "" }

    func preferences(_ request: RequestOptions, isRead: Bool) -> [String] {
        var preferences: [String] = []
        if isRead {
            if let size = request.pageSize ?? options.preferredPageSize, size > 0 {
                preferences.append("odata.maxpagesize=" + String(size))
            }
        } else if let returning = request.returning {
            preferences.append("return=" + returning.rawValue)
        }
        return preferences
    }
}

extension ODataError {
    /// A bound that the caller set is no fault of the payload's form.
    init(_ error: PayloadError, _ limits: PayloadLimits) {
        switch error.reason {
        case .tooDeep: self = .limit(.depth(limits.maxDepth))
        case .tooLarge(let limit): self = .limit(limit)
        case _: self = .malformed(error)
        }
    }
}

extension TypeReference {
    /// The name of a type of the model.
    var typeName: QualifiedName? {
        guard case .named(let name) = base else { return nil }
        return name
    }
}
