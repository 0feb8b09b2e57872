internal import HTTPTypes

extension ServiceError {
    /// What an answer of 400 or above says: the error object of either version in JSON or XML; of HTML (the ICM's
    /// pages), plain text and nothing, the status alone.
    ///
    /// - Parameter body: may be cut off, and is then as good as none.
    init(status: Int, headers: HTTPFields, body: [UInt8]) {
        self.init(status: status)
        retryAfter = RetryAfter.duration(headers)
        authenticationScheme = Self.scheme(headers[values: .wwwAuthenticate].first)
        let start = body.firstIndex { !Self.isBlank($0) }
        switch start.map({ body[$0] }) {
        case UInt8(ascii: "{"):
            // Whatever is no JSON says no more than its status.
            if let node = try? JSONNode(parsing: Self.withoutMark(body), maxDepth: 64) { read(node) }
        case UInt8(ascii: "<"):
            if let node = ErrorDocument.node(body) { read(node) }
        case _: break
        }
    }

    /// Blanks, and the bytes of a byte order mark.
    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains(byte) }

    private static func withoutMark(_ body: [UInt8]) -> [UInt8] {
        body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body.dropFirst(3)) : body
    }

    private static func scheme(_ challenge: String?) -> String? {
        let word = challenge?.prefix { $0 != " " && $0 != "," }
        return word.flatMap { $0.isEmpty || $0.utf8.count > 32 ? nil : String($0) }
    }

    /// `{"error":{…}}`; of gateways in front of a service also `{"error":"code","error_description":…}` and
    /// `{"fault":{…}}`.
    private mutating func read(_ node: JSONNode) {
        if let fault = node["fault"] {
            code = fault["detail"]?["errorcode"]?.scalarText
            message = ServiceMessage.text(fault["faultstring"]).map {
                ServiceMessage(code: code, text: $0, severity: .error)
            }
        } else if case .string(let word)? = node["error"] {
            code = word
            message = ServiceMessage.text(node["error_description"]).map {
                ServiceMessage(code: word, text: $0, severity: .error)
            }
        } else {
            readError(node["error"] ?? node)
        }
    }

    private mutating func readError(_ error: JSONNode) {
        code = error["code"]?.scalarText.flatMap { $0.isEmpty ? nil : $0 }
        message = ServiceMessage(error, severity: .error)
        let inner = error["innererror"]
        let nodes = error.items("details") + (inner?.items("errordetails") ?? [])
        takeDetails(nodes.prefix(ServiceMessage.maxMessages).compactMap { ServiceMessage($0, severity: .error) })
        if let inner { readInner(inner) }
    }

    private mutating func readInner(_ inner: JSONNode) {
        innerError = inner
        let nested = inner["ErrorDetails"]
        transactionID = inner["transactionid"]?.scalarText ?? nested?.annotation("TransactionId")?.scalarText
        timestamp = inner["timestamp"]?.scalarText ?? nested?.annotation("Timestamp")?.scalarText
        if case .object(let members)? = inner["Error_Resolution"] ?? nested?.annotation("ErrorResolution") {
            for member in members { resolution[member.name] = member.value.scalarText }
        }
    }

    /// The gateway repeats the message as a detail with its own exception class for a code, and with the message's own
    /// code where a target belongs to it: of the first its target alone is kept, the second is the message.
    private mutating func takeDetails(_ found: [ServiceMessage]) {
        for detail in found {
            if detail.text == message?.text {
                if Self.isContainer(detail.code) {
                    if message?.target == nil { message?.target = detail.target }
                    continue
                }
                if detail.code == message?.code, message?.target == nil {
                    message = detail
                    continue
                }
            }
            if Self.isContainer(detail.code), details.contains(where: { $0.text == detail.text }) { continue }
            details.append(detail)
        }
    }

    private static func isContainer(_ code: String?) -> Bool { code?.hasPrefix("/IWBEP/CX_MGW_") ?? false }
}
