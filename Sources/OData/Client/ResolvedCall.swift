import HTTPTypes

/// A call with what the metadata says of its operation.
struct ResolvedCall {
    private let call: OperationCall
    private let kind: Operation.Kind
    /// `m:HttpMethod` of a version 2 import.
    private let method: HTTPRequest.Method?
    private let operation: Operation?

    /// - Throws: `.query(.unknownName)` for an operation that isn't there, or one of another form.
    init(_ call: OperationCall, _ context: ServiceContext) throws(ODataError) {
        self.call = call
        guard let metadata = context.metadata else {
            guard let kind = call.kind else { throw .query(.unknownName(call.name, in: "")) }
            (self.kind, method, operation) = (kind, nil, nil)
            return
        }
        if call.binding == nil {
            guard let found = metadata.operationImport(call.name) else {
                throw .query(.unknownName(call.name, in: metadata.container.name?.description ?? ""))
            }
            operation = Self.overload(of: found.operation, call, isBound: false, nil, metadata)
            kind = call.kind ?? found.kind
            method = found.httpMethod.flatMap { HTTPRequest.Method($0.uppercased()) }
        } else {
            let type = call.binding.flatMap { $0.resultType(in: metadata) }
            guard let name = QualifiedName(call.name),
                let found = Self.overload(of: name, call, isBound: true, type, metadata)
            else { throw .query(.unknownName(call.name, in: type?.typeName?.description ?? "")) }
            (operation, kind, method) = (found, call.kind ?? found.kind, nil)
        }
    }

    /// The overload that has the parameters' names exactly, else one that has them all.
    private static func overload(
        of name: QualifiedName, _ call: OperationCall, isBound: Bool, _ binding: TypeReference?, _ metadata: Metadata
    ) -> Operation? {
        let given = Set(call.parameters.map(\.name))
        let candidates = metadata.operations(name).filter { operation in
            guard operation.isBound == isBound else { return false }
            guard isBound, let type = operation.parameters.first?.type, let binding else { return true }
            return type.isCollection == binding.isCollection && accepts(type, binding, metadata)
        }
        func names(_ operation: Operation) -> Set<String> {
            Set(operation.parameters.dropFirst(isBound ? 1 : 0).map(\.name))
        }
        return candidates.first { names($0) == given } ?? candidates.first { names($0).isSuperset(of: given) }
            ?? candidates.first
    }

    private static func accepts(_ type: TypeReference, _ binding: TypeReference, _ metadata: Metadata) -> Bool {
        guard let wanted = type.typeName, let given = binding.typeName else { return true }
        return metadata.isType(given, derivedFrom: wanted)
    }

    /// What the call gives; nil if that isn't known, or is nothing.
    var returnType: TypeReference? { operation?.returnType }

    /// Whether the metadata says that nothing comes.
    var returnsNothing: Bool { operation.map { $0.returnType == nil } ?? false }

    func request(_ context: ServiceContext) throws(ODataError) -> PreparedRequest {
        if !context.version.isV4 {
            let method = method ?? (kind == .function ? .get : .post)
            let isRead = method == .get
            // All parameters are in the URL, whatever the method is.
            return PreparedRequest(method, try context.encoded(call.query), body: isRead ? nil : [])
        }
        guard kind == .action else { return PreparedRequest(.get, try context.encoded(call.query)) }
        var query = (call.binding ?? Query()).action(call.name)
        query.options = call.options
        let target = try context.encoded(query)
        let values = try parameters()
        let body = try context.body { encoder throws(ValueError) in
            try encoder.parameters(values, of: operation)
        }
        return .json(.post, target, body, context)
    }

    /// - Throws: `.query(.unknownName)` for one that the operation doesn't have.
    private func parameters() throws(ODataError) -> [String: ODataValue] {
        let known = operation?.parameters.map(\.name)
        for parameter in call.parameters where known?.contains(parameter.name) == false {
            throw .query(.unknownName(parameter.name, in: call.name))
        }
        return Dictionary(call.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    func result(_ reply: Reply, _ context: ServiceContext) async throws(ODataError) -> Answer<OperationResult> {
        if reply.isEmpty || returnsNothing {
            await reply.body.discard()
            return Answer(.none, reply)
        }
        let bytes = try await reply.bytes(context)
        if bytes.isEmpty { return Answer(.none, reply) }
        guard let type = returnType else { return Answer(try untyped(bytes, context), reply) }
        guard let name = type.typeName, context.metadata?.structuredType(name)?.kind == .entity else {
            let value = try context.read { () throws(PayloadError) in
                try context.decoder(type.typeName).value(bytes, of: type)
            }
            return Answer(value == .null ? .none : .value(value), reply)
        }
        if type.isCollection {
            let page = try context.read { () throws(PayloadError) in try context.decoder(name).collection(bytes) }
            return Answer(.entities(page), reply)
        }
        guard !isNull(bytes) else { return Answer(.none, reply) }
        var entity = try context.read { () throws(PayloadError) in try context.decoder(name).entity(bytes) }
        if entity.etag == nil { entity.etag = reply.etag }
        return Answer(.entity(entity), reply, messages: context.messages(of: entity))
    }

    /// `null`, and version 2's `{"d":{"Name":null}}`.
    private func isNull(_ bytes: [UInt8]) -> Bool {
        if Reply.isNull(bytes) { return true }
        // What is no JSON is the decoder's to refuse.
        guard bytes.count <= 256, let node = try? JSONNode(parsing: bytes, maxDepth: 3) else { return false }
        return node["d"]?[call.name] == .null
    }

    /// Without a declared type, the shape decides: what has `value`, `results` or an array is a collection if its items are
    /// objects, an object with control information is an entity, all else is a value.
    private func untyped(_ bytes: [UInt8], _ context: ServiceContext) throws(ODataError) -> OperationResult {
        if Reply.isNull(bytes) { return .none }
        return try context.read { () throws(PayloadError) in
            let node = try JSONNode(parsing: bytes, maxDepth: context.options.payload.maxDepth)
            let decoder = context.decoder(nil)
            switch Self.shape(node["d"] ?? node) {
            case .entities: return .entities(try decoder.collection(bytes))
            case .entity: return .entity(try decoder.entity(bytes))
            case .value: return .value(try decoder.value(bytes, of: nil))
            }
        }
    }

    private enum Shape { case entity, entities, value }

    private static func shape(_ node: JSONNode) -> Shape {
        let inner = node["results"] ?? node["value"] ?? node
        if case .array(let items) = inner {
            guard case .object? = items.first else { return .value }
            return .entities
        }
        guard case .object(let members) = node, node["value"] == nil else { return .value }
        let isEntity = members.contains {
            ["__metadata", "@odata.id", "@odata.etag", "@id", "@etag"].contains($0.name)
                || $0.name.hasSuffix("context") && ($0.value.scalarText?.hasSuffix("$entity") ?? false)
        }
        return isEntity ? .entity : .value
    }
}
