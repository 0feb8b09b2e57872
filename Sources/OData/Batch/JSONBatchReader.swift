internal import HTTPTypes

/// Reads batches of the JSON format (OData JSON 4.01 §19), requests or answers.
struct JSONBatchReader {
    let limits: BatchLimits

    /// Answers in the order of the body.
    /// - Throws: `.malformed` (JSON's, and `.batch` with the member's name), `.limit` (bytes, parts).
    func responses(_ bytes: [UInt8]) throws(ODataError) -> [BatchItemResponse] {
        var responses: [BatchItemResponse] = []
        for node in try objects(bytes, member: "responses") { responses.append(try response(node)) }
        return responses
    }

    /// The parts of a batch, where requests of one atomicity group stand at its first one.
    func requests(_ bytes: [UInt8]) throws(ODataError) -> [BatchRequest.Part] {
        var parts: [BatchRequest.Part] = []
        var groups: [String: (part: Int, items: [BatchItem])] = [:]
        for node in try objects(bytes, member: "requests") {
            let item = try item(node)
            guard let name = try text("atomicityGroup", of: node) else {
                parts.append(.request(item))
                continue
            }
            if groups[name] == nil {
                groups[name] = (parts.count, [])
                parts.append(.changeSet(BatchChangeSet([], name: name)))
            }
            groups[name]?.items.append(item)
        }
        for (name, group) in groups { parts[group.part] = .changeSet(BatchChangeSet(group.items, name: name)) }
        return parts
    }

    private func objects(_ bytes: [UInt8], member: String) throws(ODataError) -> [JSONNode] {
        guard bytes.count <= limits.maxBodyBytes else { throw .limit(.bodyBytes(limits.maxBodyBytes)) }
        let root: JSONNode
        do {
            // Bodies are in objects in an array in an object.
            root = try JSONNode(parsing: bytes, maxDepth: min(limits.maxDepth, JSONReader.depthCap) + 3)
        } catch {
            throw .malformed(error)
        }
        guard case .array(let nodes) = root[member] else { throw malformed(member) }
        guard nodes.count <= limits.maxParts else { throw .limit(.batchParts(limits.maxParts)) }
        return nodes
    }

    private func response(_ node: JSONNode) throws(ODataError) -> BatchItemResponse {
        guard let id = try text("id", of: node) else { throw malformed("id") }
        guard case .number(let digits)? = node["status"], let status = Int(digits), (200...599).contains(status) else {
            throw malformed("status")
        }
        let headers = try headers(of: node)
        return BatchItemResponse(status: status, headers: headers, body: try body(of: node, headers), contentID: id)
    }

    private func item(_ node: JSONNode) throws(ODataError) -> BatchItem {
        guard let id = try text("id", of: node) else { throw malformed("id") }
        guard let name = try text("method", of: node), let method = HTTPRequest.Method(name.uppercased()) else {
            throw malformed("method")
        }
        guard let url = try text("url", of: node) else { throw malformed("url") }
        let headers = try headers(of: node)
        let body = try body(of: node, headers)
        return BatchItem(method, url, headers: headers, body: body, id: id, dependsOn: try dependsOn(of: node, url))
    }

    /// Without what the URL says by itself.
    private func dependsOn(of node: JSONNode, _ url: String) throws(ODataError) -> [String] {
        guard let member = node["dependsOn"] else { return [] }
        guard case .array(let nodes) = member else { throw malformed("dependsOn") }
        let reference = BatchURL.reference(in: url)
        var names: [String] = []
        for node in nodes {
            guard case .string(let name) = node else { throw malformed("dependsOn") }
            if name != reference { names.append(name) }
        }
        return names
    }

    private func headers(of node: JSONNode) throws(ODataError) -> HTTPFields {
        var fields: HTTPFields = [:]
        guard let member = node["headers"], member != .null else { return fields }
        guard case .object(let members) = member else { throw malformed("headers") }
        for member in members {
            guard case .string(let value) = member.value, let name = HTTPField.Name(member.name) else {
                throw malformed("headers")
            }
            if !BatchHeaders.areCodecs(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }

    private func body(of node: JSONNode, _ headers: HTTPFields) throws(ODataError) -> [UInt8] {
        guard let body = node["body"], body != .null else { return [] }
        let type = BatchMediaType(headers[.contentType] ?? "application/json")
        guard case .string(let text) = body, !type.isJSON else { return body.serialized() }
        if type.type.hasPrefix("text/") { return Array(text.utf8) }
        guard let bytes = BatchBase64.decode(text) else { throw malformed("body") }
        return bytes
    }

    /// IDs of some services are numbers.
    private func text(_ name: String, of node: JSONNode) throws(ODataError) -> String? {
        switch node[name] {
        case .string(let text)?, .number(let text)?: text
        case .null?, nil: nil
        default: throw malformed(name)
        }
    }

    private func malformed(_ name: String) -> ODataError { .malformed(PayloadError(.batch, name: name)) }
}
