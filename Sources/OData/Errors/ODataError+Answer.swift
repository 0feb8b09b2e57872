extension ODataError {
    /// What an answer of 400 or above means.
    ///
    /// Source: RFC 9110 §15.5, RFC 6585 §3 (428); OData Protocol 4.01 §8.2.6 (412) and §11.4.1.1.
    init(_ error: ServiceError) {
        switch error.status {
        case 401: self = .authentication(.refused, error)
        case 409, 423: self = .conflict(.locked, error)
        case 412: self = .conflict(.stale, error)
        case 428: self = .conflict(.tagRequired, error)
        case _ where error.saysLocked: self = .conflict(.locked, error)
        case _: self = .service(error)
        }
    }
}

extension ServiceError {
    /// SAP's messages that an object is locked by somebody, which come as 400.
    var saysLocked: Bool {
        let codes = [code] + details.map(\.code)
        return status == 400 && codes.contains { $0.map(Self.lockCodes.contains) ?? false }
    }

    /// `MC/601` is the lock manager's own; the other is of material documents.
    private static let lockCodes: Set<String> = ["MC/601", "M3/024"]

    /// Whether the answer to a delta or skip token says that the service no longer knows it: 410, or what SAP's
    /// gateways answer instead (400, 404, 500 with the token named in code or text). Of use for requests that carried
    /// such a token alone.
    public var saysLinkExpired: Bool {
        if status == 410 { return true }
        guard [400, 404, 500].contains(status) else { return false }
        let texts = [code, message?.text] + details.flatMap { [$0.code, $0.text] }
        return texts.contains { text in
            let folded = (text ?? "").lowercased().filter { $0.isLetter }
            return Self.tokenWords.contains { folded.contains($0) }
        }
    }

    private static let tokenWords = ["skiptoken", "deltatoken", "deltalink", "nextlink"]
}

extension ODataError {
    /// `.expiredLink` for what the service answered to a delta or skip token that it no longer knows; else the error
    /// itself.
    public var ofContinuation: ODataError {
        switch self {
        case .service(let error) where error.saysLinkExpired: .expiredLink(error)
        case _: self
        }
    }

    /// The service's refusal that the error is about, if it is about one.
    public var serviceError: ServiceError? {
        switch self {
        case .service(let error), .conflict(_, let error), .expiredLink(let error): error
        case .authentication(_, let error): error
        case .transport, .malformed, .metadata, .query, .value, .limit, .foreignLink, .pageLoop: nil
        case .deadline, .cancelled, .unsupported: nil
        }
    }

    /// Whether a write that ended so may have happened: read before it is repeated.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .transport(let error): error.isSent
        case .malformed, .limit, .cancelled, .foreignLink, .pageLoop: true
        // A redirect may be how a service answers what it has done (RFC 9110 §15.4.4).
        case .service(let error): error.status >= 500 || (300..<400).contains(error.status)
        case .conflict, .authentication, .metadata, .query, .value, .expiredLink, .deadline, .unsupported: false
        }
    }
}
